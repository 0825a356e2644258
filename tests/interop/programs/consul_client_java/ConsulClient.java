// ConsulClient HOST PORT: what a program does with org.kiwiproject's consul-client, and its cache. Prints a line a fact: its name and
// its value, as JSON.

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.net.HostAndPort;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.kiwiproject.consul.Consul;
import org.kiwiproject.consul.ConsulException;
import org.kiwiproject.consul.NotRegisteredException;
import org.kiwiproject.consul.cache.ServiceHealthCache;
import org.kiwiproject.consul.model.agent.ImmutableRegistration;
import org.kiwiproject.consul.model.agent.Registration;
import org.kiwiproject.consul.model.health.ServiceHealth;
import org.kiwiproject.consul.model.session.ImmutableSession;
import org.kiwiproject.consul.option.ImmutablePutOptions;

public final class ConsulClient {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final Consul consul;

  private ConsulClient(String host, int port) {
    // The cache waits for 10 s, and wants a longer time-out.
    consul = Consul.builder().withHostAndPort(HostAndPort.fromParts(host, port)).withReadTimeoutMillis(15000).build();
  }

  private static void say(String fact, Object value) throws Exception {
    System.out.println(JSON.writeValueAsString(Arrays.asList(fact, value)));
  }

  private static List<String> ids(List<ServiceHealth> rows) {
    return rows.stream().map(row -> row.getService().getId()).sorted().toList();
  }

  private List<String> listed(boolean passing) {
    var health = consul.healthClient();
    return ids((passing ? health.getHealthyServiceInstances("web") : health.getAllServiceInstances("web")).getResponse());
  }

  private boolean register(int number) {
    consul.agentClient().register(ImmutableRegistration.builder().id("web-" + number).name("web").address("127.0.0." + number)
        .port(8080 + number).addTags("blue", "v" + number).check(Registration.RegCheck.ttl(600L)).build());
    return true;
  }

  private void beats() throws Exception {
    var agent = consul.agentClient();
    say("leader", consul.statusClient().getLeader().contains(":"));
    say("own name", agent.getAgent().getMember().getName().equals(agent.getAgent().getConfig().getNodeName()));
    say("registered", List.of(register(1), register(2)));
    var own = agent.getServices().get("web-1");
    say("shown", List.of(own.getService(), own.getAddress(), own.getPort(), own.getTags().stream().sorted().toList()));
    say("status before a beat", agent.getChecks().get("service:web-1").getStatus());
    say("passing before a beat", listed(true));
    agent.pass("web-1", "all well");
    say("its output", agent.getChecks().get("service:web-1").getOutput().orElse(null));
    say("passing after it", listed(true));
  }

  private void watches() throws Exception {
    BlockingQueue<List<String>> heard = new LinkedBlockingQueue<>();
    try (var cache = ServiceHealthCache.newCache(consul.healthClient(), "web")) {
      cache.addListener(rows -> heard.add(ids(List.copyOf(rows.values()))));
      cache.start();
      List<String> first = heard.poll(30, TimeUnit.SECONDS);
      consul.agentClient().pass("web-2");
      List<String> second = heard.poll(30, TimeUnit.SECONDS);
      say("woken by another", Arrays.asList(List.of("web-1").equals(first), second));
    }
  }

  private void states() throws Exception {
    var agent = consul.agentClient();
    agent.warn("web-1");
    say("passing when warned", listed(true));
    agent.fail("web-1", "broken");
    say("passing when failed", listed(true));
    say("listed when failed", listed(false));
    agent.toggleMaintenanceMode("web-2", true, "work");
    say("passing in maintenance", listed(true));
    agent.toggleMaintenanceMode("web-2", false);
    say("passing after it ends", listed(true));
    Map<String, List<String>> services = new TreeMap<>();
    consul.catalogClient().getServices().getResponse().forEach((name, tags) -> services.put(name, tags.stream().sorted().toList()));
    services.remove("consul");
    say("services", services);
    say("nodes", consul.catalogClient().getNodes().getResponse().size());
    say("an unknown service", ids(consul.healthClient().getAllServiceInstances("none").getResponse()));
    try {
      agent.pass("none");
      say("a beat for nobody", true);
    } catch (NotRegisteredException refused) {
      say("a beat for nobody", 404);
    }
    try {
      agent.deregister("none");
      say("end of nobody", true);
    } catch (ConsulException refused) {
      say("end of nobody", refused.getCode());
    }
  }

  private void keys() throws Exception {
    var kv = consul.keyValueClient();
    say("a missing key", Arrays.asList(true, kv.getValueAsString("app/a").orElse(null)));
    say("put", List.of(kv.putValue("app/a", "v"), kv.putValue("app/b", "é")));
    var entry = kv.getValue("app/a").orElseThrow();
    say("get", List.of(entry.getKey(), entry.getValueAsString().orElseThrow(), entry.getFlags()));
    say("put with an old index", kv.putValue("app/a", "w", 0, ImmutablePutOptions.builder().cas(1).build()));
    say("put with its index", kv.putValue("app/a", "w", 0, ImmutablePutOptions.builder().cas(entry.getModifyIndex()).build()));
    say("values below", kv.getValues("app/").stream().map(row -> List.of(row.getKey(), row.getValueAsString().orElseThrow())).toList());
    say("keys below", kv.getKeys("app/"));
    String first = session("first");
    String second = session("second");
    say("lock", kv.acquireLock("lock", "1", first));
    say("lock of another", kv.acquireLock("lock", "2", second));
    say("holder", first.equals(kv.getSession("lock").orElse(null)));
    say("release", kv.releaseLock("lock", first));
    say("lock after it", kv.acquireLock("lock", "2", second));
    say("renewed", second.equals(consul.sessionClient().renewSession(second).orElseThrow().getId()));
    consul.sessionClient().destroySession(second);
    say("holder after that", kv.getSession("lock").orElse(null));
    consul.sessionClient().destroySession(first);
    kv.deleteKeys("app/");
    kv.deleteKey("lock");
    say("after delete", kv.getValueAsString("app/a").orElse(null));
  }

  private String session(String name) {
    return consul.sessionClient().createSession(ImmutableSession.builder().name(name).ttl("600s").build()).getId();
  }

  public static void main(String[] words) throws Exception {
    var program = new ConsulClient(words[0], Integer.parseInt(words[1]));
    program.beats();
    program.watches();
    program.states();
    program.keys();
    program.consul.agentClient().deregister("web-1");
    say("listed at the end", program.listed(false));
    System.exit(0);
  }
}
