// Every bound of the program, with its reason. A test tries each bound and bound + 1.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rollcall::limits {

// --- DNS (RFC 1035 §2.3.4, §4.2.2; RFC 6891 §6.2.3) ---
inline constexpr std::size_t k_label_bytes_max = 63;
inline constexpr std::size_t k_name_bytes_max = 255;
inline constexpr std::size_t k_name_labels_max = 127;
inline constexpr std::size_t k_udp_payload_min = 512;  // what every client takes, with or without EDNS
inline constexpr std::size_t k_udp_payload_unfragmented =
    1232;  // fits the least MTU of IPv6, 1280, with both headers (RFC 9715 §3.2)
inline constexpr std::size_t k_message_bytes_max = 65535;  // the two-byte length of TCP, and of UDP
// What a datagram holds: 65,535 octets less the header of UDP (8), and over IPv4 its own (20), which IPv6 counts apart.
inline constexpr std::size_t k_udp_payload_ipv4_max = 65'507;
inline constexpr std::size_t k_udp_payload_ipv6_max = 65'527;
// What an answer's PTR records are taken from: more than a message of 64 KiB holds, each of at least 17 octets.
inline constexpr std::size_t k_ptr_visits_max = 4'096;
inline constexpr std::uint32_t k_outlook_leases_max = 64;  // read for one record, to learn how long it is surely true
inline constexpr std::size_t k_cname_chain_max = 16;       // a chain inside a zone file longer than this is a mistake

// TTL of records of a roll that is not fresh. RFC 8767 §4 has 30 s for caches; a registry's clients ask again sooner.
inline constexpr std::uint32_t k_stale_ttl_seconds = 1;

// --- Zone files ---
inline constexpr std::size_t k_include_depth_max = 8;                        // $INCLUDE inside $INCLUDE
inline constexpr std::size_t k_zone_text_bytes_max = std::size_t{64} << 20;  // with all it includes: a million records

inline constexpr std::size_t k_identity_bytes_max = 64;      // NSID and the CHAOS names: a host's name, not an essay
inline constexpr std::size_t k_padding_block_bytes = 468;    // of answers over TLS (RFC 8467 §4.1)
inline constexpr std::size_t k_explanation_room_bytes = 64;  // kept for why a full answer is cut short (RFC 8914)
inline constexpr std::size_t k_rate_limit_entries = std::size_t{1} << 16;  // of a worker: 1 MiB
inline constexpr std::size_t k_cookie_secrets_max = 3;  // the new, the present, the old (RFC 9018 §5)

// --- Zone transfers ---
inline constexpr std::chrono::milliseconds k_serial_tick{100};        // changes so close together are one serial
inline constexpr std::chrono::milliseconds k_notify_interval{1'000};  // between two NOTIFYs to one secondary
inline constexpr std::chrono::milliseconds k_notify_patience{1'000};  // for an answer to the first of the tries
inline constexpr int k_notify_tries_max = 5;                          // after 1, 2, 4 … seconds without an answer
inline constexpr std::size_t k_transfers_default = 10;  // at once, of more than one message each (BIND has as many)
inline constexpr std::int64_t k_transfers_setting_max = 1'000;
inline constexpr std::size_t k_transfer_prefixes_max = 256;
inline constexpr std::size_t k_secondaries_max = 64;  // of a zone
inline constexpr std::size_t k_tsig_keys_max = 256;
inline constexpr std::size_t k_tsig_name_bytes_max = 128;  // a signature must leave room for an answer
inline constexpr std::size_t k_tsig_secret_bytes_max = 512;
inline constexpr std::size_t k_journal_bytes_default = std::size_t{64} << 20;
inline constexpr std::int64_t k_journal_bytes_setting_max = std::int64_t{1} << 40;
// Before a restart some changes may have been shown and not yet stored (leases that ended): serials go on so far ahead.
inline constexpr std::uint64_t k_restart_index_gap = 65'536;

// Serials are stored so far ahead of those that are shown, for a write to be rare: a restart goes on from the stored one.
inline constexpr std::uint32_t k_serial_reserve = 65'536;

// How exactly it is known until when caches hold answers: a service's note of it is written no more often than this.
inline constexpr std::chrono::milliseconds k_handout_step{50};

// --- A registration ---
inline constexpr std::size_t k_id_characters_max = 128;
inline constexpr std::size_t k_addresses_max = 32;  // a host with more interfaces than this registers more instances
inline constexpr std::size_t k_tags_max = 64;       // each tag is a name to answer for
inline constexpr std::size_t k_meta_key_max = 64;
inline constexpr std::size_t k_txt_string_bytes_max = 255;  // its length is one octet (RFC 1035 §3.3)
inline constexpr std::size_t k_meta_bytes_max = 1300;  // TXT of an instance stays inside one datagram (RFC 6763 §6.2)
inline constexpr std::size_t k_check_output_bytes_max = 256;  // a sentence, not a log
// Services without instances, remembered for `forget_service_after`: some MiB, whatever names a client makes up. In all,
// since names are what is told apart, not clients; the one that has been empty for the longest is forgotten first.
inline constexpr std::size_t k_empty_services_max = 10'000;
inline constexpr std::size_t k_came_back_max = 65'536;  // leases that have ended and are remembered for the history
inline constexpr std::uint64_t k_history_rows_default = 100'000;
inline constexpr std::chrono::milliseconds k_history_age_default = std::chrono::hours(24 * 7);
inline constexpr std::uint64_t k_history_rows_setting_max = 100'000'000;
inline constexpr std::chrono::milliseconds k_history_age_setting_max = std::chrono::hours(24 * 3'650);
inline constexpr std::size_t k_event_before_bytes_max = 4'096;  // of an instance's fields, stored with an event
inline constexpr std::size_t k_history_queries_max = 1'024;     // that wait for the disk; beyond: 503
inline constexpr std::size_t k_restored_events_max = 10'000;    // a start with more instances tells of none of them
inline constexpr std::chrono::milliseconds k_lease_min = std::chrono::seconds(1);
inline constexpr std::chrono::milliseconds k_lease_max = std::chrono::hours(24);
inline constexpr std::chrono::milliseconds k_lease_default = std::chrono::seconds(15);

// --- An instance of a door that keeps more than the native API does ---
inline constexpr std::size_t k_door_id_bytes_max = 255;  // of ids, and of names of checks: what their clients make up
inline constexpr std::size_t k_door_tag_bytes_max = 4'096;  // a rule of a proxy, as some write them into tags
inline constexpr std::chrono::milliseconds k_door_lease_max = std::chrono::hours(24 * 30);
inline constexpr std::size_t k_door_texts_bytes_max = 16'384;  // of all tags, of all meta, of the attributes: each

// --- Health checks ---
inline constexpr std::size_t k_named_checks_max = 12;                       // of one instance, beside those of its plan
inline constexpr std::size_t k_check_results_max = k_named_checks_max + 1;  // and one for the plan
inline constexpr std::size_t k_result_output_bytes_max = 4'096;             // what Consul's agents keep
inline constexpr std::size_t k_checks_max = 8;         // of one instance; each is work of the server's
inline constexpr std::size_t k_check_text_max = 1024;  // a path: what proxies commonly take
inline constexpr std::size_t k_check_expect_body_max = 256;
inline constexpr std::size_t k_check_expect_status_max = 16;
inline constexpr std::size_t k_check_body_bytes_max = std::size_t{64} << 10;  // read of an answer, to look for a text
inline constexpr std::int64_t k_check_streak_max = 10;                        // rise and fall
inline constexpr std::chrono::milliseconds k_check_interval_min = std::chrono::seconds(1);
inline constexpr std::chrono::milliseconds k_check_interval_max = std::chrono::hours(1);
inline constexpr std::chrono::milliseconds k_check_interval_default = std::chrono::seconds(10);
inline constexpr std::chrono::milliseconds k_check_timeout_min{100};  // what the timers of connections resolve
inline constexpr std::chrono::milliseconds k_check_timeout_default = std::chrono::seconds(2);
inline constexpr std::chrono::milliseconds k_check_early{1'000};  // the first run of a check that nothing is known of
inline constexpr std::chrono::milliseconds k_check_late{1'000};   // a run that begins later after its time is counted
inline constexpr std::chrono::milliseconds k_probe_retry_min{100};
inline constexpr std::size_t k_checks_in_flight_default = 512;
inline constexpr std::int64_t k_checks_in_flight_max = 10'000;
inline constexpr std::size_t k_check_host_names_max = 4'096;        // look-ups that are remembered
inline constexpr std::chrono::milliseconds k_host_name_min{1'000};  // for how long at least, whatever the TTL
inline constexpr std::chrono::milliseconds k_host_name_max{60'000};

inline constexpr std::chrono::milliseconds k_protect_default = std::chrono::minutes(10);
inline constexpr std::chrono::milliseconds k_protect_max = std::chrono::hours(24);

// --- A silence of many at once ---
inline constexpr std::chrono::milliseconds k_expiry_lead{1'000};        // before its end a lease is looked at
inline constexpr std::chrono::milliseconds k_expiry_put_off{2'000};     // and put off so far: an answer's TTL of 1 fits
inline constexpr std::chrono::milliseconds k_expiry_look_every{1'000};  // counting the silent reads every lease
inline constexpr std::int64_t k_expire_per_second_max = 1'000'000;      // each is remembered for a second

// --- HTTP ---
inline constexpr std::size_t k_http_header_bytes_max = std::size_t{8} << 10;        // with the request line
inline constexpr std::size_t k_http_chunk_header_bytes_max = std::size_t{4} << 10;  // with extensions, and trailers
inline constexpr std::size_t k_http_body_bytes_max = std::size_t{64} << 10;         // a registration is below 10 KiB
inline constexpr std::size_t k_http_batch_body_bytes_max = std::size_t{1} << 20;    // POST /v1/heartbeats
inline constexpr std::size_t k_http_pipeline_max = 256;         // unanswered requests of one connection
inline constexpr std::size_t k_explained_left_out_max = 1'000;  // of GET /v1/explain: a page, not the whole roll
inline constexpr std::size_t k_http_connections_max = 10'000;
// Memory held for the client of one connection (answers not sent yet, changes not answered yet): when there is more, its
// next request is not looked at; one answer may exceed it. A whole pipeline of registrations fits.
inline constexpr std::size_t k_http_held_bytes_max = std::size_t{1} << 20;
// The same for all connections together, with the request bodies that are being read: a quarter of a gigabyte serves
// thousands of slow readers, and leaves the roll its memory on a small machine.
inline constexpr std::size_t k_http_held_total_bytes_max = std::size_t{256} << 20;
inline constexpr std::size_t k_http_held_step_bytes = std::size_t{4} << 10;   // counted in steps of this
inline constexpr std::size_t k_http_small_body_bytes = std::size_t{8} << 10;  // accepted also when the total is reached
// Read behind a call that waits, so that the close of its client is noticed.
inline constexpr std::size_t k_http_read_ahead_bytes_max = std::size_t{16} << 10;
// A longer list is made on a thread of its own: no heartbeat waits more than some hundred microseconds behind a list.
inline constexpr std::size_t k_http_list_at_once_max = 256;
// Estimated memory of an event in a page of the history, as a value and as text: counted while the page is read.
inline constexpr std::size_t k_http_event_bytes = 512;
inline constexpr std::size_t k_http_lists_max = 1'024;     // that wait for that thread; beyond: 503
inline constexpr std::size_t k_gzip_body_bytes_min = 512;  // a smaller body fits into one packet as it is
inline constexpr std::size_t k_json_depth_max = 16;
inline constexpr std::chrono::milliseconds k_wait_max = std::chrono::minutes(10);  // of a call that waits for a change
inline constexpr std::chrono::milliseconds k_shown_wait{5'000};                    // for other nodes to show a change
inline constexpr std::uint64_t k_index_max = std::uint64_t{1} << 62;               // beyond any change of a roll
inline constexpr std::uint32_t k_events_limit_default = 100;                       // of one page of the history
inline constexpr std::uint32_t k_events_limit_max = 10'000;

// --- Metrics ---
// Services with rows of their own in a scrape, three each, so a time series database gets no more than some hundred of them.
inline constexpr std::size_t k_metric_services_max = 100;
inline constexpr std::size_t k_metric_secondaries_max = 100;          // addresses of secondaries with rows of their own
inline constexpr std::chrono::milliseconds k_secondary_look{10'000};  // between two questions for a zone's serial
inline constexpr std::chrono::milliseconds k_secondary_patience{2'000};  // for the answer
// Between two such questions, whatever the number of zones: at most two hundred a second.
inline constexpr std::chrono::milliseconds k_secondary_pace{5};

// --- Waiting calls and event streams ---
inline constexpr std::size_t k_waiters_max = 65'536;                   // calls that block; beyond: 503
inline constexpr std::size_t k_feed_events_max = 16'384;               // of the history in memory: how far an event
inline constexpr std::size_t k_feed_bytes_max = std::size_t{8} << 20;  // stream may fall behind before it is cut off
inline constexpr std::size_t k_watch_chunk_bytes = std::size_t{32} << 10;  // of one write to an event stream
// The socket's send buffer of an event stream; the system takes twice that.
inline constexpr int k_watch_send_buffer_bytes = 64 << 10;
inline constexpr std::uint32_t k_watch_page_events = 100;               // of the stored history, at a time
inline constexpr std::chrono::milliseconds k_watch_keep_alive{15'000};  // after so long without an event

// --- Tokens and certificates ---
inline constexpr std::size_t k_token_bytes_min = 16;   // a shorter one can be guessed
inline constexpr std::size_t k_token_bytes_max = 512;  // of the header field
inline constexpr std::size_t k_tokens_max = 1'000;     // each is compared with every token that comes
inline constexpr std::size_t k_token_name_characters_max = 64;
inline constexpr std::size_t k_certificate_rules_max = 1'000;
inline constexpr std::size_t k_certificate_names_max = 64;        // of one certificate; more are ignored
inline constexpr std::size_t k_certificate_name_bytes_max = 255;  // a domain name, or a short URI
inline constexpr std::size_t k_grant_patterns_max = 256;          // zones, or services, of one token

// --- Connections ---
inline constexpr std::chrono::milliseconds k_http_idle{75'000};  // between two requests
// For a request's head, and then for each step of its body.
inline constexpr std::chrono::milliseconds k_http_request{10'000};
inline constexpr std::size_t k_http_body_step_bytes = std::size_t{32} << 10;
inline constexpr std::chrono::milliseconds k_http_commit{10'000};   // for a change to be durable; then 503
inline constexpr std::chrono::milliseconds k_http_list{30'000};     // for a long list to be made; then 503
inline constexpr std::chrono::milliseconds k_http_history{10'000};  // for a page of the history to be read; then 503
// For a client to read k_write_progress_bytes_min of its answer. A full TCP window opens in steps of up to 64 KiB, so a
// shorter time would cut off readers of a few KiB a second.
inline constexpr std::chrono::milliseconds k_http_write{30'000};
inline constexpr std::chrono::milliseconds k_http_linger{1'000};    // to let a refused client read why
inline constexpr std::chrono::milliseconds k_dns_tcp_idle{10'000};  // without a whole message (RFC 7766 §6.2.3)
inline constexpr std::chrono::milliseconds k_write{10'000};         // the same for a peer of DNS
// In each k_write: far below the speed of any line. A peer that reads less only occupies a connection, or a transfer.
inline constexpr std::uint64_t k_write_progress_bytes_min = 4'096;
inline constexpr std::size_t k_dns_tcp_backlog_bytes_max = std::size_t{256}
                                                           << 10;  // answers of one read, before they are written

inline constexpr std::chrono::milliseconds k_tls_handshake{5'000};
inline constexpr std::chrono::milliseconds k_tls_goodbye{1'000};  // for the peer's close_notify (RFC 8446 §6.1)
inline constexpr unsigned k_client_ipv6_bits = 64;                // a client's connections are counted by network

// A shortage of descriptors, memory or ports makes thousands of calls fail each second: it is logged this often.
inline constexpr std::chrono::milliseconds k_said_again_after{10'000};

// --- Nodes of a cluster ---
inline constexpr std::size_t k_peer_key_bytes_min = 32;  // as many as HMAC-SHA256 has
inline constexpr std::size_t k_peer_key_bytes_max = 4'096;
inline constexpr std::size_t k_peer_connections_max = 256;  // each has a MiB at most, where a node asks for all
inline constexpr std::size_t k_peer_connections_of_address_max =
    32;                                                  // nodes behind one address, and their last connections
inline constexpr std::size_t k_peer_names_max = 1'024;   // remembered while the program runs
inline constexpr std::size_t k_peer_questions_max = 64;  // to one node, unanswered; beyond: no answer
inline constexpr std::size_t k_peer_buffer_kept_bytes = std::size_t{64} << 10;  // between two messages of a connection
inline constexpr std::chrono::milliseconds k_peer_hello{5'000};                 // from connecting until both are ready
inline constexpr std::chrono::milliseconds k_peer_patience{
    3'000};                                                       // for an answer, or to read one; a deaf node has 5 s
inline constexpr std::chrono::milliseconds k_peer_idle{15'000};   // without a question; there are forty a second
inline constexpr std::chrono::milliseconds k_peer_question{800};  // to be answered "within 1 s"
inline constexpr std::chrono::milliseconds k_peer_again_min{50};  // to connect again, twice as long each time
inline constexpr std::chrono::milliseconds k_peer_again_max{1'000};

// --- The writer ---
inline constexpr std::size_t k_queued_changes_max = 65'536;  // about a second of registrations; beyond: 503
inline constexpr std::size_t k_batch_changes_max = 4'096;    // of one transaction: bounds what waits behind it

// So often in a row changes are staged anew because somebody else was faster; then the client is told to try again.
inline constexpr std::size_t k_conflicts_max = 8;

// After a reload so many services are published again before the writer does other work: each is compared with up to a
// thousand rules, and each of its instances is encoded into its answers.
inline constexpr std::size_t k_shown_again_services_max = 64;
inline constexpr std::size_t k_shown_again_instances_max = 4'096;

// --- Edits of the database ---
// Indices and event numbers begin at zero or at the clock and are counted in ones: a stored one beyond this was put there by
// hand. It is not counted on from, so that counting never comes to the end of 64 bits.
inline constexpr std::uint64_t k_stored_number_max = std::uint64_t{1} << 61;
inline constexpr std::chrono::milliseconds k_stored_time_max{253'402'300'799'999};  // the last of the year 9999
inline constexpr std::chrono::milliseconds k_edit_look_every{200};  // "within a second", with room for a busy disk
inline constexpr std::size_t k_ignored_rows_max = 1'000;            // remembered, of those that break a rule
inline constexpr std::size_t k_ignored_keys_max =
    10'000;  // of etcd, each with its sentence; further ones are not told of
inline constexpr std::size_t k_ignored_rows_shown_max = 100;  // of them in /v1/status: enough to see a pattern
inline constexpr std::size_t k_ignored_rows_said_max = 20;    // in the log, of one portion; the rest is counted

// --- The server's own pauses ---
// The lease clock is advanced every k_clock_tick. A gap longer than k_clock_gap_max is the server's own pause (SIGSTOP,
// a suspended machine, starvation) and is given back to every lease; readers never run further ahead of the last tick.
inline constexpr std::chrono::milliseconds k_clock_tick{10};
inline constexpr std::chrono::milliseconds k_clock_gap_max{100};

// --- Settings ---
inline constexpr std::size_t k_prefixes_max = 10'000;  // of one list
inline constexpr std::int64_t k_rate_max = 1'000'000;  // answers a second for one network
inline constexpr std::int64_t k_slip_max = 100;
inline constexpr std::size_t k_settings_bytes_max = std::size_t{32} << 20;  // all zones, with what is said of each
inline constexpr std::size_t k_etcd_endpoints_max = 32;                     // a cluster of etcd has 3 to 7 members
inline constexpr std::size_t k_etcd_prefix_bytes_max = 255;                 // it stands in front of each key
inline constexpr std::size_t k_secret_file_bytes_max = 1 << 20;             // a bundle of authorities is the largest
inline constexpr std::chrono::milliseconds k_stale_for_max = std::chrono::hours(24 * 30);
inline constexpr std::size_t k_listen_max = 64;  // addresses of one list
// No look-up walks through the zones, so this bounds memory and a start: 2 KiB and 26 us each, besides their records.
inline constexpr std::size_t k_zones_max = 200'000;
inline constexpr std::size_t k_service_rules_max = 1'000;             // each change of a service walks them in order
inline constexpr std::int64_t k_dns_workers_max = 256;                // more sockets than cores only share their queues
inline constexpr std::int64_t k_connections_setting_max = 1'000'000;  // fs.nr_open ends soon after, at 1,048,576
inline constexpr std::int64_t k_answer_limit_max = 65'535;            // what a section can count (RFC 1035 §4.1.1)
inline constexpr std::chrono::milliseconds k_answer_ttl_min = std::chrono::seconds(1);
inline constexpr std::chrono::milliseconds k_answer_ttl_max = k_lease_max;  // no answer outlives its lease
inline constexpr std::chrono::milliseconds k_forget_service_max = std::chrono::hours(24 * 365);

// --- The client library: finding endpoints ---
inline constexpr std::chrono::milliseconds k_client_ttl_max = std::chrono::hours(24);
inline constexpr std::uint16_t k_client_udp_payload = 1232;  // what no path fragments
inline constexpr std::size_t k_client_name_servers_max = 16;
inline constexpr std::size_t k_client_targets_over_tcp = 4;  // more of them without an address: the answer again, whole
inline constexpr std::size_t k_client_targets_asked_max = 64;          // by name, of one answer
inline constexpr std::chrono::milliseconds k_client_partial_ttl{500};  // of an answer some of whose targets are missing
inline constexpr std::chrono::milliseconds k_client_retry_min{100};    // after a failure, twice as long each time
inline constexpr std::chrono::milliseconds k_client_retry_max{1'000};  // "recovers within 2 s"
inline constexpr std::chrono::milliseconds k_client_away{
    5'000};  // after a failure no caller waits for the servers meanwhile
inline constexpr std::chrono::milliseconds k_client_interest{30'000};  // names not asked for so long are not retried

// --- Clients of the HTTP API ---
inline constexpr std::size_t k_answer_bytes_max = std::size_t{256} << 20;  // half a million instances in one list
inline constexpr std::size_t k_answer_header_bytes_max = std::size_t{64} << 10;
inline constexpr std::size_t k_event_bytes_max = std::size_t{1} << 20;  // a server-sent event; ours are below 8 KiB

// --- The client library: staying on the roll ---
inline constexpr std::size_t k_client_nodes_max = 16;                 // of one registry
inline constexpr std::chrono::milliseconds k_client_try_min{150};     // for a heartbeat to be answered by one node
inline constexpr std::size_t k_client_registries_max = 16;            // each has a thread
inline constexpr std::chrono::milliseconds k_client_beat_retry{250};  // after an error, twice as long each time
inline constexpr std::chrono::milliseconds k_client_beat_retry_max{5'000};
inline constexpr std::chrono::milliseconds k_client_retry_after_max{60'000};  // a Retry-After is honoured so far

}  // namespace rollcall::limits
