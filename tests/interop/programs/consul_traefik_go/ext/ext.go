// Package ext stands for a part of Traefik's own repository that is on no registry: the extensions of routers, which are none.
package ext

// HTTP extends the configuration of HTTP.
type HTTP struct{}

// DeepCopyInto copies nothing.
func (in *HTTP) DeepCopyInto(out *HTTP) { *out = *in }

// Router extends a router.
type Router struct{}

// DeepCopyInto copies nothing.
func (in *Router) DeepCopyInto(out *Router) { *out = *in }
