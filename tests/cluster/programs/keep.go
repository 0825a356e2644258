// A program that knows etcd and nothing of Rollcall: it keeps a key under a lease of its own, or watches a prefix, by etcd's
// own client (clientv3).
//
//	keep ENDPOINT,... put KEY VALUE TTL_SECONDS    puts, prints "put", and renews until SIGTERM; then revokes its lease
//	keep ENDPOINT,... get PREFIX                   prints a line for each key: KEY VALUE
//	keep ENDPOINT,... watch PREFIX                 prints "watching", then a line for each event: PUT KEY VALUE or DELETE KEY
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/etcd/clientv3"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func put(client *clientv3.Client, key, value, ttl string) {
	seconds, err := strconv.ParseInt(ttl, 10, 64)
	fail(err)
	lease, err := client.Grant(context.Background(), seconds)
	fail(err)
	renewals, err := client.KeepAlive(context.Background(), lease.ID)
	fail(err)
	_, err = client.Put(context.Background(), key, value, clientv3.WithLease(lease.ID))
	fail(err)
	fmt.Println("put")
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	for {
		select {
		case _, ok := <-renewals:
			if !ok {
				fail(fmt.Errorf("the lease is lost"))
			}
		case <-ended:
			_, err = client.Revoke(context.Background(), lease.ID)
			fail(err)
			return
		}
	}
}

func get(client *clientv3.Client, prefix string) {
	found, err := client.Get(context.Background(), prefix, clientv3.WithPrefix())
	fail(err)
	for _, each := range found.Kvs {
		fmt.Printf("%s %s\n", each.Key, each.Value)
	}
}

func watch(client *clientv3.Client, prefix string) {
	events := client.Watch(context.Background(), prefix, clientv3.WithPrefix(), clientv3.WithCreatedNotify())
	for part := range events {
		fail(part.Err())
		if part.Created {
			fmt.Println("watching")
		}
		for _, event := range part.Events {
			fmt.Printf("%s %s %s\n", event.Type, event.Kv.Key, event.Kv.Value)
		}
	}
}

func main() {
	client, err := clientv3.New(clientv3.Config{Endpoints: strings.Split(os.Args[1], ","), DialTimeout: 5 * time.Second})
	fail(err)
	if os.Args[2] == "put" {
		put(client, os.Args[3], os.Args[4], os.Args[5])
	} else if os.Args[2] == "get" {
		get(client, os.Args[3])
	} else {
		watch(client, os.Args[3])
	}
}
