// consul-client URL: what a program does with the crate rs-consul, which registers at the catalog. Prints a line a fact: its name and
// its value, as JSON.
use rs_consul::types::*;
use rs_consul::{Config, Consul};
use std::time::Duration;

fn say(fact: &str, value: String) {
    println!("[\"{fact}\", {value}]");
}

fn words(mut found: Vec<String>) -> String {
    found.sort();
    format!("{found:?}")
}

fn payload(number: u16, status: &str) -> RegisterEntityPayload {
    let id = format!("web-{number}");
    RegisterEntityPayload::builder()
        .Node("rust".to_string())
        .Address(format!("127.0.0.{number}"))
        .Service(
            RegisterEntityService::builder()
                .ID(id.clone())
                .Service("web".to_string())
                .Tags(vec!["blue".to_string(), format!("v{number}")])
                .Port(8080 + number)
                .build(),
        )
        .Checks(vec![RegisterEntityCheck::builder()
            .CheckID(format!("service:{id}"))
            .Name("by hand".to_string())
            .Status(status.to_string())
            .ServiceID(id)
            .build()])
        .build()
}

fn of_service(id: Option<&str>) -> DeregisterEntityPayload {
    DeregisterEntityPayload::builder().Node("rust".to_string()).maybe_ServiceID(id.map(str::to_string)).build()
}

async fn listed(consul: &Consul, service: &str, passing: bool, options: Option<QueryOptions>) -> (u64, Vec<String>) {
    let request = GetServiceNodesRequest { service, passing, ..Default::default() };
    let found = consul.get_service_nodes(request, options).await.expect("service nodes");
    let mut ids: Vec<String> = found.response.into_iter().map(|row| row.service.id).collect();
    ids.sort();
    (found.index, ids)
}

#[tokio::main]
async fn main() {
    let address = std::env::args().nth(1).expect("a URL");
    let consul = Consul::new(Config { address, token: Some("t0ken".to_string()), ..Default::default() });

    consul.register_entity(&payload(1, "passing")).await.expect("register");
    let (index, ids) = listed(&consul, "web", true, None).await;
    say("passing after it", words(ids));
    let names = consul.get_all_registered_service_names(None).await.expect("names").response;
    say("names", words(names.into_iter().filter(|name| name != "consul").collect()));
    let places = consul.get_service_addresses_and_ports("web", None).await.expect("places");
    say("addresses", format!("{:?}", places.iter().map(|(host, port)| format!("{host}:{port}")).collect::<Vec<_>>()));

    let options = QueryOptions {
        index: Some(index),
        wait: Some(Duration::from_secs(50)),
        timeout: Some(Duration::from_secs(60)),
        ..Default::default()
    };
    let second = payload(2, "passing");
    let (woken, done) = tokio::join!(listed(&consul, "web", true, Some(options)), consul.register_entity(&second));
    done.expect("register");
    say("woken by another", format!("[{}, {}]", woken.0 > index, words(woken.1)));

    consul.register_entity(&payload(1, "critical")).await.expect("register");
    say("passing when failed", words(listed(&consul, "web", true, None).await.1));
    say("listed when failed", words(listed(&consul, "web", false, None).await.1));
    say("an unknown service", words(listed(&consul, "none", false, None).await.1));

    let put = CreateOrUpdateKeyRequest { key: "app/a", ..Default::default() };
    say("put", consul.create_or_update_key(put, b"v".to_vec()).await.expect("put").0.to_string());
    let read = ReadKeyRequest { key: "app/a", ..Default::default() };
    let rows = consul.read_key(read).await.expect("read").response;
    say("get", format!("{:?}", rows[0].value.clone().unwrap_or_default()));

    consul.deregister_entity(&of_service(Some("web-1"))).await.expect("deregister");
    say("listed at the end", words(listed(&consul, "web", false, None).await.1));
}
