// consul_client.js MODULE HOST PORT: what a program does with npm's consul, at MODULE. Prints a line a fact: its name and its
// value, as JSON.
const EventEmitter = require("events");
const [, , module_path, host, port] = process.argv;
const Consul = require(module_path);
const consul = new Consul({ host, port: Number(port) });

const say = (fact, value) => console.log(JSON.stringify([fact, value === undefined ? null : value]));
const ids = (nodes) => nodes.map((node) => node.Service.ID).sort();
const listed = async (passing) => ids(await consul.health.service({ service: "web", passing }));
const status_of = (call) => call.then(() => true, (error) => error.statusCode || String(error));
const decode = (row) => row.Value;
const done = (call) => call.then(() => true);

// The next change that satisfies `wanted`; a watch goes on until it is ended.
const seen = (watch, wanted) => new Promise((resolve, reject) => {
  const hear = (data) => { if (wanted(data)) { watch.removeListener("change", hear); resolve(data); } };
  watch.on("change", hear);
  watch.on("error", reject);
});

const register = (number) => consul.agent.service.register({
  name: "web", id: `web-${number}`, address: `127.0.0.${number}`, port: 8080 + number, tags: ["blue", `v${number}`],
  check: { ttl: "600s" },
});
const session = async (name) => (await consul.session.create({ name, ttl: "600s", lockdelay: "0s" })).ID;

async function main() {
  say("leader", (await consul.status.leader()).includes(":"));
  say("registered", [await done(register(1)), await done(register(2))]);
  const own = (await consul.agent.service.list())["web-1"];
  say("shown", [own.Service, own.Address, own.Port, own.Tags.sort()]);
  say("status before a beat", (await consul.agent.check.list())["service:web-1"].Status);
  say("passing before a beat", await listed(true));
  say("beat", await done(consul.agent.check.pass({ id: "service:web-1", note: "all well" })));
  say("its output", (await consul.agent.check.list())["service:web-1"].Output);
  say("passing after it", await listed(true));

  const watch = consul.watch({
    method: consul.health.service, options: { service: "web", passing: true, wait: "50s" }, backoffFactor: 10,
  });
  await seen(watch, (nodes) => ids(nodes).join() === "web-1");
  const joined = seen(watch, (nodes) => nodes.length === 2);
  await consul.agent.check.pass("service:web-2");
  say("woken by another", [true, ids(await joined)]);
  const alone = seen(watch, (nodes) => nodes.length === 1);
  await consul.agent.check.warn("service:web-1");
  await alone;
  watch.end();
  const read = async (options) => {
    const ctx = Object.assign(new EventEmitter(), { includeResponse: true });
    const [response, data] = await consul.health.service({ service: "web", ctx, ...options });
    return { data: JSON.stringify(data), index: response.headers["x-consul-index"] };
  };
  const first_read = await read({});
  const second_read = await read({ index: first_read.index, wait: "200ms" });
  say("a wait that ends has the same", [first_read.index === second_read.index, first_read.data === second_read.data]);

  say("passing when warned", await listed(true));
  await consul.agent.check.fail({ id: "service:web-1", note: "broken" });
  say("passing when failed", await listed(true));
  say("listed when failed", await listed(false));
  await consul.agent.service.maintenance({ id: "web-2", enable: true, reason: "work on it" });
  say("passing in maintenance", await listed(true));
  await consul.agent.service.maintenance({ id: "web-2", enable: false });
  say("passing after it ends", await listed(true));
  const services = await consul.catalog.service.list();
  delete services.consul;
  say("services", Object.fromEntries(Object.entries(services).map(([name, tags]) => [name, tags.sort()])));
  const rows = await consul.catalog.service.nodes({ service: "web", tag: "v1" });
  say("addresses", rows.map((row) => [row.ServiceAddress, row.ServicePort]));
  say("an unknown service", await consul.health.service("none"));
  say("a beat for nobody", await status_of(consul.agent.check.pass("service:none")));
  say("end of nobody", await status_of(consul.agent.service.deregister("none")));

  const missing = await consul.kv.get({ key: "app/a" });
  say("a missing key", [true, missing === undefined ? null : missing]);
  say("put", [await consul.kv.set("app/a", "v"), await consul.kv.set("app/b", "é")]);
  const entry = await consul.kv.get("app/a");
  say("get", [entry.Key, decode(entry), entry.Flags]);
  say("put with an old index", await consul.kv.set({ key: "app/a", value: "w", cas: "1" }));
  say("put if absent", await consul.kv.set({ key: "app/a", value: "w", cas: "0" }));
  say("put with its index", await consul.kv.set({ key: "app/a", value: "w", cas: String(entry.ModifyIndex) }));
  const below = await consul.kv.get({ key: "app/", recurse: true });
  say("values below", below.map((row) => [row.Key, decode(row)]).sort());
  say("keys below", (await consul.kv.keys("app/")).sort());
  const [first, second] = [await session("first"), await session("second")];
  say("lock", await consul.kv.set({ key: "lock", value: "1", acquire: first }));
  say("lock of another", await consul.kv.set({ key: "lock", value: "2", acquire: second }));
  say("holder", (await consul.kv.get("lock")).Session === first);
  say("release", await consul.kv.set({ key: "lock", value: "1", release: first }));
  say("lock after it", await consul.kv.set({ key: "lock", value: "2", acquire: second }));
  say("renewed", (await consul.session.renew(second))[0].ID === second);
  say("destroyed", await done(consul.session.destroy(second)));
  say("holder after that", (await consul.kv.get("lock")).Session);
  await consul.session.destroy(first);
  say("delete", [await done(consul.kv.del({ key: "app/", recurse: true })), await done(consul.kv.del("lock"))]);
  say("after delete", await consul.kv.get("app/a"));

  say("end", await done(consul.agent.service.deregister("web-1")));
  say("listed at the end", await listed(false));
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
