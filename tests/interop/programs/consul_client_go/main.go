// consul_client HOST PORT: what a program does with github.com/hashicorp/consul/api and its watch plans. Prints a line a fact:
// its name and its value, as JSON.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sort"
	"time"

	"github.com/hashicorp/consul/api"
	"github.com/hashicorp/consul/api/watch"
)

const patience = 30 * time.Second

func say(fact string, value any) {
	line, err := json.Marshal([]any{fact, value})
	must(err)
	fmt.Println(string(line))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func got[T any](value T, err error) T {
	must(err)
	return value
}

func got2[T, M any](value T, _ M, err error) T {
	must(err)
	return value
}

// done is true, the status that an error carries, or its text.
func done(err error) any {
	var status api.StatusError
	if errors.As(err, &status) {
		return status.Code
	}
	if err != nil {
		return err.Error()
	}
	return true
}

func ids(entries []*api.ServiceEntry) []string {
	found := []string{}
	for _, entry := range entries {
		found = append(found, entry.Service.ID)
	}
	sort.Strings(found)
	return found
}

func sorted(words []string) []string {
	found := append([]string{}, words...)
	sort.Strings(found)
	return found
}

type program struct {
	address string
	client  *api.Client
}

func (p program) listed(passing bool) []string {
	return ids(got2(p.client.Health().Service("web", "", passing, nil)))
}

func (p program) register(number int) any {
	return done(p.client.Agent().ServiceRegister(&api.AgentServiceRegistration{
		ID: fmt.Sprintf("web-%d", number), Name: "web", Address: fmt.Sprintf("127.0.0.%d", number), Port: 8080 + number,
		Tags:  []string{"blue", fmt.Sprintf("v%d", number)},
		Check: &api.AgentServiceCheck{TTL: "600s"},
	}))
}

func (p program) beat(id, output, status string) any {
	return done(p.client.Agent().UpdateTTL("service:"+id, output, status))
}

func (p program) beats() {
	agent := p.client.Agent()
	leader := got(p.client.Status().Leader())
	_, _, err := net.SplitHostPort(leader)
	say("leader", err == nil)
	say("registered", []any{p.register(1), p.register(2)})
	own := got(agent.Services())["web-1"]
	say("shown", []any{own.Service, own.Address, own.Port, sorted(own.Tags)})
	say("status before a beat", got(agent.Checks())["service:web-1"].Status)
	say("passing before a beat", p.listed(true))
	say("beat", p.beat("web-1", "all well", api.HealthPassing))
	say("its output", got(agent.Checks())["service:web-1"].Output)
	say("passing after it", p.listed(true))
	one := got2(agent.Service("web-1", nil))
	say("one by its id", []any{one.ContentHash != "", one.Weights.Passing, one.Datacenter})
}

// plan runs a watch plan until `wanted` holds of what it heard; `act` is done when it has heard something first.
func (p program) plan(params map[string]any, act func(), wanted func(data any) bool) bool {
	plan := got(watch.Parse(params))
	first, last := make(chan struct{}, 1000), make(chan struct{}, 1000)
	plan.Handler = func(_ uint64, data any) {
		first <- struct{}{}
		if wanted(data) {
			last <- struct{}{}
		}
	}
	go func() { must(plan.Run(p.address)) }()
	defer plan.Stop()
	select {
	case <-first:
	case <-time.After(patience):
		return false
	}
	act()
	select {
	case <-last:
		return true
	case <-time.After(patience):
		return false
	}
}

func (p program) watches() {
	health := p.client.Health()
	_, meta, err := health.Service("web", "", true, nil)
	must(err)
	woken := make(chan []any)
	go func() {
		entries, now, err := health.Service("web", "", true, &api.QueryOptions{WaitIndex: meta.LastIndex, WaitTime: patience})
		must(err)
		woken <- []any{now.LastIndex > meta.LastIndex, ids(entries)}
	}()
	p.beat("web-2", "", api.HealthPassing)
	say("woken by another", <-woken)
	before, meta, err := health.Service("web", "", false, nil)
	must(err)
	after, again, err := health.Service("web", "", false,
		&api.QueryOptions{WaitIndex: meta.LastIndex, WaitTime: 200 * time.Millisecond})
	must(err)
	say("a wait that ends has the same", []any{meta.LastIndex == again.LastIndex,
		string(got(json.Marshal(before))) == string(got(json.Marshal(after)))})

	say("plan of a service", p.plan(map[string]any{"type": "service", "service": "web", "passingonly": true},
		func() { p.beat("web-1", "so so", api.HealthWarning) },
		func(data any) bool { return len(data.([]*api.ServiceEntry)) == 1 }))
	say("plan of checks", p.plan(map[string]any{"type": "checks", "state": "critical"},
		func() { p.beat("web-1", "broken", api.HealthCritical) },
		func(data any) bool { return len(data.([]*api.HealthCheck)) == 1 }))
	extra := &api.AgentServiceRegistration{Name: "extra", Port: 1}
	say("plan of services", p.plan(map[string]any{"type": "services"},
		func() { must(p.client.Agent().ServiceRegister(extra)) },
		func(data any) bool { return data.(map[string][]string)["extra"] != nil }))
	must(p.client.Agent().ServiceDeregister("extra"))
	say("plan of a key", p.plan(map[string]any{"type": "key", "key": "watched"},
		func() { got(p.client.KV().Put(&api.KVPair{Key: "watched", Value: []byte("v")}, nil)) },
		func(data any) bool {
			pair, ok := data.(*api.KVPair)
			return ok && pair != nil && string(pair.Value) == "v"
		}))
	got(p.client.KV().Delete("watched", nil))
}

func (p program) states() {
	agent := p.client.Agent()
	state := func() any {
		status, info, err := agent.AgentHealthServiceByID("web-1")
		must(err)
		return []any{status, info.Service.ID}
	}
	failed := state()
	p.beat("web-1", "so so", api.HealthWarning)
	say("passing when warned", p.listed(true))
	warned := state()
	p.beat("web-1", "broken", api.HealthCritical)
	say("aggregated", []any{failed, warned})
	say("passing when failed", p.listed(true))
	say("listed when failed", p.listed(false))
	must(agent.EnableServiceMaintenance("web-2", "work"))
	say("passing in maintenance", p.listed(true))
	must(agent.DisableServiceMaintenance("web-2"))
	say("passing after it ends", p.listed(true))
	services := map[string][]string{}
	for name, tags := range got2(p.client.Catalog().Services(nil)) {
		if name != "consul" {
			services[name] = sorted(tags)
		}
	}
	say("services", services)
	rows := [][]any{}
	for _, row := range got2(p.client.Catalog().Service("web", "v1", nil)) {
		rows = append(rows, []any{row.ServiceAddress, row.ServicePort})
	}
	say("addresses", rows)
	filtered := got2(p.client.Health().Service("web", "", false, &api.QueryOptions{Filter: `"v2" in Service.Tags`}))
	say("filtered", ids(filtered))
	say("an unknown service", ids(got2(p.client.Health().Service("none", "", false, nil))))
	say("a beat for nobody", p.beat("none", "", api.HealthPassing))
	say("end of nobody", done(agent.ServiceDeregister("none")))
}

func (p program) keys() {
	kv := p.client.KV()
	put := func(key, value string) bool {
		got(kv.Put(&api.KVPair{Key: key, Value: []byte(value)}, nil))
		return true
	}
	cas := func(value string, index uint64) bool {
		return got2(kv.CAS(&api.KVPair{Key: "app/a", Value: []byte(value), ModifyIndex: index}, nil))
	}
	missing, meta, err := kv.Get("app/a", nil)
	must(err)
	say("a missing key", []any{meta.LastIndex >= 1, missing})
	say("put", []any{put("app/a", "v"), put("app/b", "é")})
	entry := got2(kv.Get("app/a", nil))
	say("get", []any{entry.Key, string(entry.Value), entry.Flags})
	say("put with an old index", cas("w", 1))
	say("put if absent", cas("w", 0))
	say("put with its index", cas("w", entry.ModifyIndex))
	below := [][]string{}
	for _, pair := range got2(kv.List("app/", nil)) {
		below = append(below, []string{pair.Key, string(pair.Value)})
	}
	say("values below", below)
	say("keys below", got2(kv.Keys("app/", "", nil)))
	ok, response, _, err := p.client.Txn().Txn(api.TxnOps{
		{KV: &api.KVTxnOp{Verb: api.KVSet, Key: "txn", Value: []byte("1")}},
		{KV: &api.KVTxnOp{Verb: api.KVCheckIndex, Key: "app/a", Index: 1}},
	}, nil)
	must(err)
	undone := got2(kv.Get("txn", nil))
	say("transaction", []any{ok, len(response.Errors), undone == nil})
}

func (p program) locks() {
	kv, sessions := p.client.KV(), p.client.Session()
	session := func(name string) string {
		return got2(sessions.Create(&api.SessionEntry{Name: name, TTL: "600s"}, nil))
	}
	pair := func(value, session string) *api.KVPair {
		return &api.KVPair{Key: "lock", Value: []byte(value), Session: session}
	}
	first, second := session("first"), session("second")
	say("lock", got2(kv.Acquire(pair("1", first), nil)))
	say("lock of another", got2(kv.Acquire(pair("2", second), nil)))
	say("holder", got2(kv.Get("lock", nil)).Session == first)
	say("release", got2(kv.Release(pair("1", first), nil)))
	say("lock after it", got2(kv.Acquire(pair("2", second), nil)))
	say("renewed", got2(sessions.Renew(second, nil)).ID == second)
	_, err := sessions.Destroy(second, nil)
	say("destroyed", done(err))
	var holder any
	if held := got2(kv.Get("lock", nil)).Session; held != "" {
		holder = held
	}
	say("holder after that", holder)
	got(sessions.Destroy(first, nil))

	mine := got(p.client.LockOpts(&api.LockOptions{Key: "leader", SessionTTL: "10s"}))
	leading := got(mine.Lock(nil))
	theirs := got(p.client.LockOpts(&api.LockOptions{Key: "leader", LockTryOnce: true, LockWaitTime: 100 * time.Millisecond}))
	refused := got(theirs.Lock(nil))
	must(mine.Unlock())
	<-leading
	say("lock of the library", []any{leading != nil, refused == nil, got(theirs.Lock(nil)) != nil})
	must(theirs.Unlock())

	_, all := kv.DeleteTree("app/", nil)
	_, one := kv.Delete("lock", nil)
	say("delete", []any{done(all), done(one)})
	say("after delete", got2(kv.Get("app/a", nil)))
}

func main() {
	address := net.JoinHostPort(os.Args[1], os.Args[2])
	p := program{address, got(api.NewClient(&api.Config{Address: address}))}
	p.beats()
	p.watches()
	p.states()
	p.keys()
	p.locks()
	say("end", done(p.client.Agent().ServiceDeregister("web-1")))
	say("listed at the end", p.listed(false))
}
