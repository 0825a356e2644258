// Serials, and transfers as a secondary meets them: octets in, octets out.
#include "answer/transfer/transfers.h"

#include <algorithm>
#include <string>
#include <vector>

#include "catch.h"
#include "unit/answer/world.h"

namespace rollcall::answer {
namespace {

using namespace testing;
using dns::Type;

constexpr registry::ZoneId k_web_zone{0};
constexpr registry::ZoneId k_lab{1};

// The roll shown to the roster and to the transfers of its first zone.
struct TransferWorld : private registry::Audience {
  explicit TransferWorld(std::string_view zone_text = k_zone_text, bool begins = true)
      : zones(make_zones(zone_text, {})),
        roster(zones, policy_of),
        transfers(zones, policy_of, {{.to = {*IpPrefix::parse("192.0.2.0/24")}, .key = {}}}, 1 << 20),
        registry(journal, *this, zones, 1h),
        responder(zones, roster, ResponderSettings{.tsig_keys = {key}, .transfers = &transfers}) {
    if (begins) tick();
  }
  static AnswerPolicy policy_of(const registry::ServiceRef&) { return {}; }
  void publish(const registry::Service& service) override {
    roster.publish(service);
    transfers.publish(service);
  }
  void withdraw(const registry::ServiceRef& service) override {
    roster.withdraw(service);
    transfers.withdraw(service);
  }

  void add(const Entry& entry) {
    const registry::Change change = registry::Register{registration_of(entry)};
    REQUIRE(registry.apply(std::span(&change, 1), clock, wall).front());
  }
  std::vector<registry::ZoneId> tick() {
    return transfers.tick(registry, [this](const std::vector<registry::KeptSerial>& serials) {
      if (store_works) kept = serials;
      return store_works;
    });
  }
  // A zone file alone is other than before.
  void reload(std::string_view zone_text = k_zone_text) {
    zones.replace(make_zones(zone_text, {}));
    transfers.zones_replaced();
    tick();
  }
  bool store_works = true;
  std::vector<registry::KeptSerial> kept;  // by the last write
  dns::Serial serial(registry::ZoneId zone = k_web_zone) const { return zones.serial(zone); }

  Bytes respond(Bytes query, Transport transport, std::string_view client = "192.0.2.9") {
    worker.wall_seconds = 1'800'000'000;
    const std::size_t room_bytes = transport == Transport::udp ? 1232 : room.size();
    Response response = responder.respond(query, {transport, *IpAddress::parse(client)}, clock.now(),
                                          WritableBytes(room).first(room_bytes), worker);
    worker.transfer = response.take_transfer();
    return Bytes(room).first(response.bytes);
  }
  // All messages of a transfer, as records.
  std::vector<std::string> transfer(const std::string& name = "svc.internal") {
    const Ask ask{.name = name, .type = Type::axfr, .transport = Transport::tcp};
    Answered answered = read_answer(ask, respond(query_of(ask), Transport::tcp));
    std::vector<std::string> records = answered.answer;
    messages = 1;
    while (worker.transfer != nullptr && !worker.transfer->is_done()) {
      const std::optional<std::size_t> size = worker.transfer->next(room, worker.wall_seconds);
      REQUIRE(size);
      ++messages;
      // The question is in the first message alone: what follows is counted.
      more += load_u16(room.data() + 6);
      largest = std::max(largest, *size);
    }
    worker.transfer = nullptr;
    return records;
  }
  std::string rcode(const Ask& ask, std::string_view client = "192.0.2.9") {
    return read_answer(ask, respond(query_of(ask), ask.transport, client)).rcode;
  }

  const dns::TsigKey key{*dns::Name::parse("transfer"), dns::TsigAlgorithm::hmac_sha256, "secret"};
  registry::testing::MemoryJournal journal;
  Zones zones;
  Roster roster;
  Transfers transfers;
  registry::ManualClock clock;
  registry::WallTime wall{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};
  registry::Registry registry;
  Responder responder;
  // With what follows the message answered last.
  struct Worker : WorkerState {
    std::unique_ptr<TransferStream> transfer;
  };
  Worker worker;
  std::vector<std::uint8_t> room = std::vector<std::uint8_t>(limits::k_message_bytes_max);
  std::size_t messages = 0;
  std::size_t more = 0;
  std::size_t largest = 0;
};

TEST_CASE("changes of one tick are one step of the serial") {
  TransferWorld world;
  const dns::Serial before = world.serial();
  world.add({.id = "i-1"});
  world.add({.id = "i-2", .addresses = {"192.0.2.2"}});
  CHECK(world.serial() == before);
  CHECK(world.tick() == std::vector{k_web_zone});
  CHECK(dns::is_newer(world.serial(), before));
  CHECK(world.tick().empty());
}

TEST_CASE("the serial of a zone nobody transfers moves too, and that of the others does not") {
  TransferWorld world;
  world.add({.zone = k_lab});
  const dns::Serial web = world.serial(k_web_zone);
  const dns::Serial lab = world.serial(k_lab);
  CHECK(world.tick() == std::vector{k_lab});
  CHECK(world.serial(k_web_zone) == web);
  CHECK(dns::is_newer(world.serial(k_lab), lab));
}

std::string zone_text_with_serial(dns::Serial serial) {
  std::string text(k_zone_text);
  const std::string before = "hostmaster 1 ";
  const std::size_t at = text.find(before);
  REQUIRE(at != std::string::npos);
  return text.replace(at, before.size(), "hostmaster " + std::to_string(serial) + ' ');
}

// A start of another process over the same zones, which knows what the one before has stored.
dns::Serial serial_of_next_start(const TransferWorld& before, std::string_view zone_text) {
  TransferWorld next(zone_text, false);
  next.transfers.go_on_behind(before.kept);
  next.tick();
  return next.serial();
}

TEST_CASE("a start does not fall behind a serial that only reloads have moved") {
  TransferWorld world;
  const dns::Serial first = world.serial();
  for (int i = 0; i < 5; ++i) world.reload();
  CHECK(world.serial() == first + 5);
  CHECK(dns::is_newer(serial_of_next_start(world, k_zone_text), world.serial()));
}

TEST_CASE("a zone file whose serial has become lower takes nothing back, not over a restart either") {
  TransferWorld world(zone_text_with_serial(2'026'030'101));
  const std::string lower = zone_text_with_serial(3);
  CHECK(dns::is_newer(serial_of_next_start(world, lower), world.serial()));
  const dns::Serial before = world.serial();
  world.reload(lower);
  CHECK(dns::is_newer(world.serial(), before));
  CHECK(dns::is_newer(serial_of_next_start(world, lower), world.serial()));
}

TEST_CASE("a start over the database of a version that kept no serials does not fall behind that version's") {
  TransferWorld next(zone_text_with_serial(100), false);
  next.transfers.go_on_behind(registry::ChangeIndex{5'000});
  next.tick();
  CHECK(dns::is_newer(next.serial(), 5'100));
}

TEST_CASE("a serial of the file that is newer is taken over, by a reload and by a start") {
  TransferWorld world(zone_text_with_serial(100));
  CHECK(world.serial() == 100);
  world.reload(zone_text_with_serial(2'000'000));
  CHECK(world.serial() == 2'000'000);
  CHECK(serial_of_next_start(world, zone_text_with_serial(3'000'000)) == 3'000'000);
}

TEST_CASE("a serial is shown when one that is not older is stored, and not before") {
  TransferWorld world;
  const auto is_stored = [&] {
    return std::ranges::any_of(world.kept, [&](const registry::KeptSerial& each) {
      return each.zone == k_web_zone && !dns::is_newer(world.serial(), each.serial);
    });
  };
  CHECK(is_stored());
  const dns::Serial before = world.serial();
  world.store_works = false;
  world.reload(zone_text_with_serial(1'000'000));
  CHECK(world.serial() == before);
  CHECK(world.tick().empty());
  world.store_works = true;
  CHECK(world.tick() == std::vector{k_web_zone});  // nothing else has changed meanwhile
  CHECK(dns::is_newer(world.serial(), before));
  CHECK(is_stored());
}

TEST_CASE("every SOA shows the serial") {
  TransferWorld world;
  world.add({});
  world.tick();
  const std::string serial = ' ' + std::to_string(world.serial()) + ' ';
  for (const Ask& ask : {Ask{.name = "svc.internal", .type = Type::soa}, Ask{.name = "nobody.svc.internal"},
                         Ask{.name = "web.svc.internal", .type = Type::mx}}) {
    const Answered answered = read_answer(ask, world.respond(query_of(ask), Transport::udp));
    const auto& records = answered.answer.empty() ? answered.authority : answered.answer;
    REQUIRE(records.size() == 1);
    CHECK_THAT(records.front(), Catch::Contains(serial));
  }
  CHECK_THAT(world.transfer().front(), Catch::Contains(serial));
}

TEST_CASE("a transfer has what an unfiltered client is answered, from SOA to SOA") {
  TransferWorld world;
  world.add({.id = "i-1", .tags = {"blue"}});
  world.tick();
  const std::vector<std::string> records = world.transfer();
  CHECK(records.size() == 19);
  CHECK(records.front() == records.back());
  CHECK(std::ranges::none_of(records, [](const std::string& record) { return record.contains(" HTTPS "); }));
  for (const char* expected :
       {"svc.internal. 60 NS ns.svc.internal.", "ns.svc.internal. 60 A 192.0.2.53", "web.svc.internal. 1 A 192.0.2.1",
        "web.svc.internal. 1 SRV 1 1 8080 i-1.web.svc.internal.", "blue.web.svc.internal. 1 A 192.0.2.1",
        "i-1.web.svc.internal. 1 TXT \"\"", "_web._tcp.svc.internal. 1 PTR i-1._web._tcp.svc.internal.",
        "_blue._sub._web._tcp.svc.internal. 1 PTR i-1._web._tcp.svc.internal.",
        "_services._dns-sd._udp.svc.internal. 1 PTR _web._tcp.svc.internal.",
        "b._dns-sd._udp.svc.internal. 1 PTR svc.internal."}) {
    INFO(expected);
    CHECK(std::ranges::find(records, expected) != records.end());
  }
}

TEST_CASE("a transfer has the SVCB and HTTPS of the instances that speak TLS") {
  TransferWorld world;
  world.add({.id = "i-1", .meta = {{"alpn", "h2"}}});
  world.add({.id = "i-2", .addresses = {"192.0.2.2"}, .meta = {{"alpn", "dot"}}});
  world.tick();
  const std::vector<std::string> records = world.transfer();
  const auto count = [&](std::string_view head) {
    return std::ranges::count_if(records, [&](const std::string& record) { return record.starts_with(head); });
  };
  CHECK(count("web.svc.internal. 1 SVCB ") == 2);
  CHECK(count("web.svc.internal. 1 HTTPS ") == 1);
}

TEST_CASE("a transfer has the SRV that clients are answered where all weights are 0") {
  TransferWorld world;
  world.add({.id = "i-1", .weight = 0});
  world.tick();
  const std::vector<std::string> records = world.transfer();
  for (const char* expected : {"web.svc.internal. 1 SRV 1 1 8080 i-1.web.svc.internal.",
                               "_web._tcp.svc.internal. 1 SRV 1 1 8080 i-1.web.svc.internal.",
                               "i-1.web.svc.internal. 1 SRV 1 0 8080 i-1.web.svc.internal."}) {
    INFO(expected);
    CHECK(std::ranges::find(records, expected) != records.end());
  }
}

TEST_CASE("a large zone takes many messages, none above what a pointer reaches") {
  TransferWorld world;
  for (int i = 0; i < 500; ++i) world.add({.id = "i-" + std::to_string(i), .port = static_cast<std::uint16_t>(i + 1)});
  world.tick();
  const std::size_t first = world.transfer().size();
  CHECK(world.messages > 4);
  CHECK(world.largest <= TransferStream::k_message_bytes);
  // SOA twice, three of the file and of DNS-SD; one address; SRV, SRV and PTR; six of each instance.
  CHECK(first + world.more == 2 + 4 + 1 + 1 + 500 * (1 + 2 + 5));
}

TEST_CASE("beyond so many transfers under way the next is put off, until one ends") {
  TransferWorld world;
  for (int i = 0; i < 500; ++i) world.add({.id = "i-" + std::to_string(i), .port = static_cast<std::uint16_t>(i + 1)});
  world.tick();
  const Ask zone{.name = "svc.internal", .type = Type::axfr, .transport = Transport::tcp};
  std::vector<std::unique_ptr<TransferStream>> under_way;
  for (std::size_t i = 0; i < limits::k_transfers_default; ++i) {
    REQUIRE(world.rcode(zone) == "NOERROR");
    under_way.push_back(std::move(world.worker.transfer));
  }
  CHECK(world.transfers.under_way() == limits::k_transfers_default);
  CHECK(world.rcode(zone) == "SERVFAIL");
  CHECK(world.worker.transfer == nullptr);
  CHECK(world.transfers.put_off() == 1);
  // What is told in one message needs no place.
  CHECK(world.rcode({.name = "svc.internal", .type = Type::soa, .transport = Transport::tcp}) == "NOERROR");
  under_way.pop_back();
  CHECK(world.rcode(zone) == "NOERROR");
  world.worker.transfer = nullptr;
  under_way.clear();
  CHECK(world.transfers.under_way() == 0);
}

// Zone file text (RFC 3597 §5).
std::string record_of(std::size_t rdata_bytes) {
  return "b TYPE65280 \\# " + std::to_string(rdata_bytes) + ' ' + std::string(2 * rdata_bytes, 'a') + '\n';
}

TEST_CASE("a zone with a record too large for a message is not transferred, and no transfer is left under way") {
  // 65,535 octets less the header, the owner's name, and the head of the record.
  const std::size_t whole = limits::k_message_bytes_max - dns::k_header_bytes - 16 - 10;
  for (const std::size_t rdata_bytes : {whole, whole + 1, std::size_t{65'500}}) {
    INFO(rdata_bytes);
    TransferWorld world(std::string(k_zone_text) + record_of(rdata_bytes));
    const Ask zone{.name = "svc.internal", .type = Type::axfr, .transport = Transport::tcp};
    if (rdata_bytes == whole) {
      CHECK(world.transfer().size() + world.more == 7);
    } else {
      CHECK(world.rcode(zone) == "SERVFAIL");
      CHECK(world.worker.transfer == nullptr);
    }
    CHECK(world.transfers.under_way() == 0);
  }
}

TEST_CASE("a stream that can make no further message is over, and says that it broke off") {
  TransferWorld world;
  const Ask ask{.name = "svc.internal", .type = Type::axfr, .transport = Transport::tcp};
  const std::vector<std::uint8_t> message = query_of(ask);
  dns::Query query;
  REQUIRE(dns::parse_query(message, query) == dns::Parsed::query);
  const auto set = [](std::size_t rdata_bytes) {
    const dns::Name owner = *dns::Name::parse("b.svc.internal");
    return std::make_shared<const RecordSet>(
        std::vector{make_wire_record(owner.wire(), Type::txt, 1, std::vector<std::uint8_t>(rdata_bytes))});
  };
  TransferStream stream(query, {}, {set(10), set(65'500), set(10)}, std::nullopt);
  CHECK_FALSE(stream.fits(world.room.size()));
  CHECK(stream.next(world.room, 0));
  CHECK_FALSE(stream.is_done());
  CHECK_FALSE(stream.next(world.room, 0));
  CHECK(stream.is_done());
  CHECK(stream.has_broken_off());
  CHECK_FALSE(stream.next(world.room, 0));
}

TEST_CASE("who may not have a zone is refused, and what is no zone is not ours") {
  TransferWorld world;
  const Ask zone{.name = "svc.internal", .type = Type::axfr, .transport = Transport::tcp};
  CHECK(world.rcode(zone) == "NOERROR");
  CHECK(world.rcode(zone, "198.51.100.1") == "REFUSED");
  CHECK(world.rcode({.name = "lab.example", .type = Type::axfr, .transport = Transport::tcp}) == "REFUSED");
  CHECK(world.rcode({.name = "web.svc.internal", .type = Type::axfr, .transport = Transport::tcp}) == "NOTAUTH");
  CHECK(world.rcode({.name = "example.net", .type = Type::axfr, .transport = Transport::tcp}) == "NOTAUTH");
  CHECK(world.rcode({.name = "svc.internal", .type = Type::axfr}) == "NOTIMPL");  // as ldns spells it
  CHECK(world.rcode({.name = "svc.internal", .type = Type::ixfr}) == "FORMERR");
}

TEST_CASE("a key alone admits from anywhere, and must be the zone's") {
  World world;
  const dns::Name name = *dns::Name::parse("transfer");
  const Transfers transfers(world.zones, TransferWorld::policy_of, {{.to = {}, .key = name}}, 0);
  const dns::TsigKey right{name, dns::TsigAlgorithm::hmac_sha256, "secret"};
  const dns::TsigKey wrong{*dns::Name::parse("other"), dns::TsigAlgorithm::hmac_sha256, "secret"};
  const IpAddress client = *IpAddress::parse("198.51.100.1");
  CHECK(transfers.allows(k_web_zone, client, &right));
  CHECK_FALSE(transfers.allows(k_web_zone, client, &wrong));
  CHECK_FALSE(transfers.allows(k_web_zone, client, nullptr));
  CHECK_FALSE(transfers.allows(k_lab, client, &right));
}

}  // namespace
}  // namespace rollcall::answer
