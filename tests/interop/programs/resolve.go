// resolve SERVER host|srv NAME prints what Go's own resolver makes of it, as JSON. An empty SERVER is the system's.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sort"
	"time"
)

func resolver(server string) *net.Resolver {
	if server == "" {
		return &net.Resolver{PreferGo: true}
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, server)
	}}
}

func lookUp(ctx context.Context, r *net.Resolver, what, name string) ([]string, error) {
	if what == "host" {
		return r.LookupHost(ctx, name)
	}
	_, records, err := r.LookupSRV(ctx, "", "", name)
	var lines []string
	for _, s := range records {
		lines = append(lines, fmt.Sprintf("%d %d %d %s", s.Priority, s.Weight, s.Port, s.Target))
	}
	return lines, err
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	found, err := lookUp(ctx, resolver(os.Args[1]), os.Args[2], os.Args[3])
	var failure *net.DNSError
	if errors.As(err, &failure) && failure.IsNotFound {
		fmt.Println(`"not found"`)
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	sort.Strings(found)
	json.NewEncoder(os.Stdout).Encode(found)
}
