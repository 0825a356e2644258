// What etcd takes by itself: guarded puts in transactions, by etcd's own client (clientv3).
//
//	guarded_puts ENDPOINT,... PREFIX COUNT A_TRANSACTION IN_FLIGHT OCTETS
//
// Puts COUNT new keys, each with a value of so many octets; every transaction compares the mod_revision of each of its keys, as
// nodes of Rollcall do. Prints {"puts": N, "refused": N, "seconds": S}, and ends with status 1 where a transaction failed.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/clientv3"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func number(text string) int64 {
	value, err := strconv.ParseInt(text, 10, 64)
	fail(err)
	return value
}

func transaction(client *clientv3.Client, prefix, value string, first, end int64) bool {
	var compares []clientv3.Cmp
	var puts []clientv3.Op
	for next := first; next < end; next++ {
		key := fmt.Sprintf("%s%09d", prefix, next)
		compares = append(compares, clientv3.Compare(clientv3.ModRevision(key), "=", 0))
		puts = append(puts, clientv3.OpPut(key, value))
	}
	answer, err := client.Txn(context.Background()).If(compares...).Then(puts...).Commit()
	fail(err)
	return answer.Succeeded
}

func main() {
	if len(os.Args) != 7 {
		fail(fmt.Errorf("guarded_puts ENDPOINT,... PREFIX COUNT A_TRANSACTION IN_FLIGHT OCTETS"))
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: strings.Split(os.Args[1], ","), DialTimeout: 5 * time.Second})
	fail(err)
	prefix, count, each, inFlight := os.Args[2], number(os.Args[3]), number(os.Args[4]), number(os.Args[5])
	value := strings.Repeat("x", int(number(os.Args[6])))
	var next, refused int64
	var all sync.WaitGroup
	begun := time.Now()
	for lane := int64(0); lane < inFlight; lane++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for {
				end := atomic.AddInt64(&next, each)
				first := end - each
				if first >= count {
					return
				}
				if end > count {
					end = count
				}
				if !transaction(client, prefix, value, first, end) {
					atomic.AddInt64(&refused, end-first)
				}
			}
		}()
	}
	all.Wait()
	fmt.Printf("{\"puts\": %d, \"refused\": %d, \"seconds\": %f}\n", count, refused, time.Since(begun).Seconds())
}
