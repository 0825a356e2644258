// consul_sd SERVER [SERVICE]: the consul_sd_configs of Prometheus. Prints each list of targets it comes to, as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/consul"
	"github.com/prometheus/prometheus/discovery/targetgroup"
)

func main() {
	conf := consul.DefaultSDConfig
	conf.Server = os.Args[1]
	conf.Services = os.Args[2:]
	conf.RefreshInterval = model.Duration(100 * time.Millisecond)
	registry := prometheus.NewRegistry()
	metrics := conf.NewDiscovererMetrics(registry, discovery.NewRefreshMetrics(registry))
	discoverer, err := conf.NewDiscoverer(discovery.DiscovererOptions{Metrics: metrics})
	if err != nil {
		panic(err)
	}
	groups := make(chan []*targetgroup.Group)
	go discoverer.Run(context.Background(), groups)
	found := map[string]*targetgroup.Group{}
	for changed := range groups {
		targets := [][]string{}
		for _, group := range changed {
			found[group.Source] = group
		}
		for _, group := range found {
			for _, target := range group.Targets {
				targets = append(targets, []string{string(target["__address__"]), string(target["__meta_consul_service_id"]),
					string(target["__meta_consul_health"]), string(target["__meta_consul_tags"]),
					string(group.Labels["__meta_consul_dc"]) + string(target["__meta_consul_dc"])})
			}
		}
		sort.Slice(targets, func(a, b int) bool { return targets[a][0] < targets[b][0] })
		line, err := json.Marshal(targets)
		if err != nil {
			panic(err)
		}
		fmt.Println(string(line))
	}
}
