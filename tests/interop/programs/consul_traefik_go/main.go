// consul_traefik ADDRESS: the consulCatalog provider of Traefik, watching. Prints the servers of each configuration it comes to, as
// JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"time"

	ptypes "github.com/traefik/paerser/types"
	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"github.com/traefik/traefik/v3/pkg/provider/consulcatalog"
	"github.com/traefik/traefik/v3/pkg/safe"
)

func main() {
	builder := &consulcatalog.ProviderBuilder{}
	builder.SetDefaults()
	builder.Endpoint = &consulcatalog.EndpointConfig{Address: os.Args[1]}
	builder.ExposedByDefault = false
	builder.Watch = true
	builder.RefreshInterval = ptypes.Duration(time.Second)
	messages := make(chan dynamic.Message)
	pool := safe.NewPool(context.Background())
	for _, provider := range builder.BuildProviders() {
		if err := provider.Init(); err != nil {
			panic(err)
		}
		if err := provider.Provide(messages, pool); err != nil {
			panic(err)
		}
	}
	for message := range messages {
		servers := []string{}
		for _, service := range message.Configuration.HTTP.Services {
			for _, server := range service.LoadBalancer.Servers {
				servers = append(servers, server.URL)
			}
		}
		sort.Strings(servers)
		line, _ := json.Marshal(servers)
		fmt.Println(string(line))
	}
}
