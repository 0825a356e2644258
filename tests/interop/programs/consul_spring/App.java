// An application that registers itself, beats, and finds others through Spring Cloud Consul.

package app;

import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@SpringBootApplication
@RestController
public class App {
  private final DiscoveryClient discovery;

  public App(DiscoveryClient discovery) {
    this.discovery = discovery;
  }

  @GetMapping("/found")
  public List<String> found() {
    return discovery.getInstances("web").stream().map(one -> one.getHost() + ":" + one.getPort()).sorted().toList();
  }

  @GetMapping("/services")
  public List<String> services() {
    return discovery.getServices().stream().sorted().toList();
  }

  public static void main(String[] words) {
    SpringApplication.run(App.class, words);
  }
}
