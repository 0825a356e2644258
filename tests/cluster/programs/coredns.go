// CoreDNS with its etcd plugin alone.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/etcd"
)

func main() {
	dnsserver.Directives = []string{"etcd"}
	coremain.Run()
}
