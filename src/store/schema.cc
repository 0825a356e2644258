#include "store/schema.h"

#include <array>

#include "base/limits.h"

namespace rollcall::store {
namespace {

// Released migration steps never change, but the limits may. A changed limit needs a new step with new CHECK
//          constraints.
static_assert(limits::k_label_bytes_max == 63);
static_assert(limits::k_id_characters_max == 128);
static_assert(limits::k_addresses_max == 32);
static_assert(limits::k_tags_max == 64);
static_assert(limits::k_lease_min.count() == 1'000 && limits::k_lease_max.count() == 86'400'000 &&
              limits::k_lease_default.count() == 15'000);

// The sqlite3 shell does not enforce foreign keys by default, so a trigger creates the service row of an instance that
// an operator inserts. Rows written by Rollcall have a change index, and the trigger skips them.
constexpr const char* k_version_1 = R"sql(
PRAGMA application_id = 0x52434C4C;

CREATE TABLE service (
  zone          TEXT NOT NULL CHECK (zone = lower(zone) AND substr(zone, -1) <> '.'),
  name          TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 63 AND name NOT GLOB '*[^a-z0-9-]*'
                                     AND name NOT GLOB '-*' AND name NOT GLOB '*-'),
  protocols     TEXT NOT NULL DEFAULT '' CHECK (protocols IN ('', 'tcp', 'udp', 'tcp,udp')),
  emptied_at_ms INTEGER,
  change_index  INTEGER NOT NULL DEFAULT 0 CHECK (change_index >= 0),
  PRIMARY KEY (zone, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE instance (
  zone             TEXT NOT NULL,
  service          TEXT NOT NULL,
  id               TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 128 AND id NOT GLOB '*[ /]*'),
  addresses        TEXT NOT NULL CHECK (json_valid(addresses) AND json_type(addresses) = 'array'
                                        AND json_array_length(addresses) BETWEEN 1 AND 32),
  port             INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
  protocol         TEXT NOT NULL DEFAULT 'tcp' CHECK (protocol IN ('tcp', 'udp')),
  priority         INTEGER NOT NULL DEFAULT 1 CHECK (priority BETWEEN 0 AND 65535),
  weight           INTEGER NOT NULL DEFAULT 1 CHECK (weight BETWEEN 0 AND 65535),
  tags             TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tags) AND json_type(tags) = 'array'
                                                     AND json_array_length(tags) <= 64),
  meta             TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(meta) AND json_type(meta) = 'object'),
  ttl_ms           INTEGER NOT NULL DEFAULT 15000 CHECK (ttl_ms BETWEEN 1000 AND 86400000),
  status           TEXT NOT NULL DEFAULT 'ready' CHECK (status IN ('ready', 'draining', 'critical')),
  registered_at_ms INTEGER NOT NULL DEFAULT (unixepoch() * 1000),
  change_index     INTEGER NOT NULL DEFAULT 0 CHECK (change_index >= 0),
  PRIMARY KEY (zone, service, id),
  FOREIGN KEY (zone, service) REFERENCES service (zone, name)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER instance_by_hand BEFORE INSERT ON instance WHEN NEW.change_index = 0
BEGIN
  INSERT INTO service (zone, name) SELECT NEW.zone, NEW.service
    WHERE NOT EXISTS (SELECT 1 FROM service WHERE zone = NEW.zone AND name = NEW.service);
END;

CREATE TABLE roll (
  one          INTEGER PRIMARY KEY CHECK (one = 1),
  change_index INTEGER NOT NULL CHECK (change_index >= 0)
) STRICT;
INSERT INTO roll (one, change_index) VALUES (1, 0);
)sql";

// Adds the reason for an instance's status, its health checks, and the history.
constexpr const char* k_version_2 = R"sql(
ALTER TABLE instance ADD COLUMN status_since_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE instance ADD COLUMN check_output TEXT CHECK (length(check_output) <= 256);
ALTER TABLE instance ADD COLUMN checks TEXT NOT NULL DEFAULT '{}'
  CHECK (json_valid(checks) AND json_type(checks) = 'object');
UPDATE instance SET status_since_ms = registered_at_ms;

ALTER TABLE roll ADD COLUMN event_id INTEGER NOT NULL DEFAULT 0 CHECK (event_id >= 0);

CREATE TABLE event (
  id           INTEGER PRIMARY KEY CHECK (id > 0),
  at_ms        INTEGER NOT NULL,
  zone         TEXT NOT NULL,
  service      TEXT NOT NULL,
  instance     TEXT NOT NULL,
  event        TEXT NOT NULL CHECK (event IN ('registered', 'updated', 'draining', 'critical', 'ready', 'deregistered',
                                              'expired')),
  cause        TEXT NOT NULL,
  asked_by     TEXT NOT NULL DEFAULT '',
  detail       TEXT NOT NULL DEFAULT '',
  change_index INTEGER NOT NULL
) STRICT;
)sql";

// Records edits by other programs while rollcalld runs. Triggers are off on Rollcall's own connection (Database), so
// they cost it nothing and see only edits by other programs. They write the keys of changed rows to `edit`. They also
// make sure that each instance has a service, because the sqlite3 shell does not enforce foreign keys by default.
constexpr const char* k_version_3 = R"sql(
CREATE TABLE edit (
  number  INTEGER PRIMARY KEY,
  zone    TEXT NOT NULL,
  service TEXT NOT NULL,
  id      TEXT NOT NULL
) STRICT;

DROP TRIGGER instance_by_hand;

CREATE TRIGGER instance_arrives BEFORE INSERT ON instance
BEGIN
  SELECT RAISE(ABORT, 'change_index is given out by rollcalld: leave it out')
    WHERE NEW.change_index > (SELECT change_index FROM roll);
  INSERT INTO service (zone, name) SELECT NEW.zone, NEW.service
    WHERE NOT EXISTS (SELECT 1 FROM service WHERE zone = NEW.zone AND name = NEW.service);
END;
CREATE TRIGGER instance_moves BEFORE UPDATE OF zone, service ON instance
BEGIN
  INSERT INTO service (zone, name) SELECT NEW.zone, NEW.service
    WHERE NOT EXISTS (SELECT 1 FROM service WHERE zone = NEW.zone AND name = NEW.service);
END;
CREATE TRIGGER instance_counts BEFORE UPDATE OF change_index ON instance
BEGIN
  SELECT RAISE(ABORT, 'change_index is given out by rollcalld: leave it as it is')
    WHERE NEW.change_index > (SELECT change_index FROM roll);
END;

CREATE TRIGGER instance_inserted AFTER INSERT ON instance
BEGIN
  INSERT INTO edit (zone, service, id) VALUES (NEW.zone, NEW.service, NEW.id);
END;
CREATE TRIGGER instance_updated AFTER UPDATE ON instance
BEGIN
  INSERT INTO edit (zone, service, id) SELECT OLD.zone, OLD.service, OLD.id
    WHERE (OLD.zone, OLD.service, OLD.id) <> (NEW.zone, NEW.service, NEW.id);
  INSERT INTO edit (zone, service, id) VALUES (NEW.zone, NEW.service, NEW.id);
END;
CREATE TRIGGER instance_deleted AFTER DELETE ON instance
BEGIN
  INSERT INTO edit (zone, service, id) VALUES (OLD.zone, OLD.service, OLD.id);
END;

CREATE TRIGGER service_is_needed BEFORE DELETE ON service
BEGIN
  SELECT RAISE(ABORT, 'the service has instances: delete them first')
    WHERE EXISTS (SELECT 1 FROM instance WHERE zone = OLD.zone AND service = OLD.name);
END;
CREATE TRIGGER service_is_renamed BEFORE UPDATE OF zone, name ON service
BEGIN
  SELECT RAISE(ABORT, 'a service is not renamed: change zone or service of its instances')
    WHERE (OLD.zone, OLD.name) <> (NEW.zone, NEW.name);
END;
CREATE TRIGGER service_counts BEFORE UPDATE OF change_index ON service
BEGIN
  SELECT RAISE(ABORT, 'change_index is given out by rollcalld: leave it as it is')
    WHERE NEW.change_index > (SELECT change_index FROM roll);
END;
CREATE TRIGGER service_arrives BEFORE INSERT ON service
BEGIN
  SELECT RAISE(ABORT, 'change_index is given out by rollcalld: leave it out')
    WHERE NEW.change_index > (SELECT change_index FROM roll);
END;
CREATE TRIGGER service_deleted AFTER DELETE ON service
BEGIN
  INSERT INTO edit (zone, service, id) VALUES (OLD.zone, OLD.name, '');
END;

CREATE TRIGGER roll_is_kept BEFORE DELETE ON roll
BEGIN
  SELECT RAISE(ABORT, 'the row of roll is rollcalld''s own');
END;
CREATE TRIGGER roll_counts BEFORE UPDATE ON roll
  WHEN NEW.change_index < OLD.change_index OR NEW.event_id < OLD.event_id
BEGIN
  SELECT RAISE(ABORT, 'what rollcalld has counted never goes back');
END;
)sql";

// Adds columns for instances of the Consul and Eureka APIs, and for the earlier state of an instance in the history.
// CHECK constraints change, so the tables are recreated. Triggers refer to tables, so they are dropped first and
// recreated last.
constexpr const char* k_version_4 = R"sql(
DROP TRIGGER instance_arrives;
DROP TRIGGER instance_moves;
DROP TRIGGER instance_counts;
DROP TRIGGER instance_inserted;
DROP TRIGGER instance_updated;
DROP TRIGGER instance_deleted;
DROP TRIGGER service_is_needed;
DROP TRIGGER service_is_renamed;
DROP TRIGGER service_counts;
DROP TRIGGER service_arrives;
DROP TRIGGER service_deleted;
DROP TRIGGER roll_is_kept;
DROP TRIGGER roll_counts;

CREATE TABLE service_4 (
  zone          TEXT NOT NULL CHECK (zone = lower(zone) AND substr(zone, -1) <> '.'),
  name          TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
  protocols     TEXT NOT NULL DEFAULT '' CHECK (protocols IN ('', 'tcp', 'udp', 'tcp,udp')),
  emptied_at_ms INTEGER,
  change_index  INTEGER NOT NULL DEFAULT 0 CHECK (change_index >= 0),
  free_name     INTEGER NOT NULL DEFAULT 0 CHECK (free_name IN (0, 1)),
  PRIMARY KEY (zone, name),
  CHECK (free_name = 1 OR (length(name) <= 63 AND name NOT GLOB '*[^a-z0-9-]*' AND name NOT GLOB '-*'
                           AND name NOT GLOB '*-'))
) STRICT, WITHOUT ROWID;
INSERT INTO service_4 (zone, name, protocols, emptied_at_ms, change_index)
  SELECT zone, name, protocols, emptied_at_ms, change_index FROM service;

CREATE TABLE instance_4 (
  zone              TEXT NOT NULL,
  service           TEXT NOT NULL,
  id                TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 255),
  addresses         TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(addresses) AND json_type(addresses) = 'array'
                                                      AND json_array_length(addresses) <= 32),
  port              INTEGER CHECK (port BETWEEN 1 AND 65535),
  protocol          TEXT NOT NULL DEFAULT 'tcp' CHECK (protocol IN ('tcp', 'udp')),
  priority          INTEGER NOT NULL DEFAULT 1 CHECK (priority BETWEEN 0 AND 65535),
  weight            INTEGER NOT NULL DEFAULT 1 CHECK (weight BETWEEN 0 AND 65535),
  tags              TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tags) AND json_type(tags) = 'array'
                                                      AND json_array_length(tags) <= 64),
  meta              TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(meta) AND json_type(meta) = 'object'),
  ttl_ms            INTEGER DEFAULT 15000 CHECK (ttl_ms BETWEEN 1000 AND 86400000 OR (ttl_ms > 0 AND door <> 'native')),
  status            TEXT NOT NULL DEFAULT 'ready' CHECK (status IN ('ready', 'draining', 'critical')),
  registered_at_ms  INTEGER NOT NULL DEFAULT (unixepoch() * 1000),
  change_index      INTEGER NOT NULL DEFAULT 0 CHECK (change_index >= 0),
  status_since_ms   INTEGER NOT NULL DEFAULT 0,
  check_output      TEXT CHECK (length(check_output) <= 256),
  checks            TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(checks) AND json_type(checks) = 'object'),
  critical_since_ms INTEGER,
  results           TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(results) AND json_type(results) = 'array'
                                                      AND json_array_length(results) <= 12),
  lease             TEXT NOT NULL DEFAULT 'ends' CHECK (lease IN ('ends', 'critical')),
  lease_check       TEXT NOT NULL DEFAULT '' CHECK (length(lease_check) <= 255),
  host              TEXT NOT NULL DEFAULT '' CHECK (length(host) <= 255),
  door              TEXT NOT NULL DEFAULT 'native' CHECK (length(door) BETWEEN 1 AND 32),
  attributes        TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(attributes) AND json_type(attributes) = 'object'),
  PRIMARY KEY (zone, service, id),
  FOREIGN KEY (zone, service) REFERENCES service (zone, name),
  CHECK (door <> 'native' OR (length(id) <= 128 AND id NOT GLOB '*[ /]*')),
  CHECK (door <> 'native' OR json_array_length(addresses) >= 1)
) STRICT, WITHOUT ROWID;
INSERT INTO instance_4 (zone, service, id, addresses, port, protocol, priority, weight, tags, meta, ttl_ms, status,
                        registered_at_ms, change_index, status_since_ms, check_output, checks, critical_since_ms)
  SELECT zone, service, id, addresses, port, protocol, priority, weight, tags, meta, ttl_ms, status,
         registered_at_ms, change_index, status_since_ms, check_output, checks,
         iif(status = 'critical' OR check_output IS NOT NULL, status_since_ms, NULL) FROM instance;

DROP TABLE instance;
DROP TABLE service;
ALTER TABLE service_4 RENAME TO service;
ALTER TABLE instance_4 RENAME TO instance;

ALTER TABLE event ADD COLUMN before TEXT CHECK (before IS NULL OR json_valid(before) AND json_type(before) = 'object');
ALTER TABLE roll ADD COLUMN stored_at_ms INTEGER NOT NULL DEFAULT 0;

CREATE TABLE IF NOT EXISTS zone_serial (
  zone   TEXT PRIMARY KEY,
  serial INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE replica (
  one              INTEGER PRIMARY KEY CHECK (one = 1),
  cluster          TEXT NOT NULL,
  incarnation      TEXT NOT NULL,
  applied_revision INTEGER NOT NULL CHECK (applied_revision >= 0),
  lane             TEXT NOT NULL,
  lane_id          TEXT NOT NULL
) STRICT;

CREATE TRIGGER instance_arrives BEFORE INSERT ON instance
BEGIN
  SELECT RAISE(ABORT, 'change_index is given out by rollcalld: leave it out')
    WHERE NEW.change_index > (SELECT change_index FROM roll);
  INSERT INTO service (zone, name, free_name) SELECT NEW.zone, NEW.service, NEW.door <> 'native'
    WHERE NOT EXISTS (SELECT 1 FROM service WHERE zone = NEW.zone AND name = NEW.service);
END;
CREATE TRIGGER instance_moves BEFORE UPDATE OF zone, service ON instance
BEGIN
  INSERT INTO service (zone, name, free_name) SELECT NEW.zone, NEW.service, NEW.door <> 'native'
    WHERE NOT EXISTS (SELECT 1 FROM service WHERE zone = NEW.zone AND name = NEW.service);
END;
CREATE TRIGGER instance_counts BEFORE UPDATE OF change_index ON instance
BEGIN
  SELECT RAISE(ABORT, 'change_index is given out by rollcalld: leave it as it is')
    WHERE NEW.change_index > (SELECT change_index FROM roll);
END;

CREATE TRIGGER instance_inserted AFTER INSERT ON instance
BEGIN
  INSERT INTO edit (zone, service, id) VALUES (NEW.zone, NEW.service, NEW.id);
END;
CREATE TRIGGER instance_updated AFTER UPDATE ON instance
BEGIN
  INSERT INTO edit (zone, service, id) SELECT OLD.zone, OLD.service, OLD.id
    WHERE (OLD.zone, OLD.service, OLD.id) <> (NEW.zone, NEW.service, NEW.id);
  INSERT INTO edit (zone, service, id) VALUES (NEW.zone, NEW.service, NEW.id);
END;
CREATE TRIGGER instance_deleted AFTER DELETE ON instance
BEGIN
  INSERT INTO edit (zone, service, id) VALUES (OLD.zone, OLD.service, OLD.id);
END;

CREATE TRIGGER service_is_needed BEFORE DELETE ON service
BEGIN
  SELECT RAISE(ABORT, 'the service has instances: delete them first')
    WHERE EXISTS (SELECT 1 FROM instance WHERE zone = OLD.zone AND service = OLD.name);
END;
CREATE TRIGGER service_is_renamed BEFORE UPDATE OF zone, name ON service
BEGIN
  SELECT RAISE(ABORT, 'a service is not renamed: change zone or service of its instances')
    WHERE (OLD.zone, OLD.name) <> (NEW.zone, NEW.name);
END;
CREATE TRIGGER service_counts BEFORE UPDATE OF change_index ON service
BEGIN
  SELECT RAISE(ABORT, 'change_index is given out by rollcalld: leave it as it is')
    WHERE NEW.change_index > (SELECT change_index FROM roll);
END;
CREATE TRIGGER service_arrives BEFORE INSERT ON service
BEGIN
  SELECT RAISE(ABORT, 'change_index is given out by rollcalld: leave it out')
    WHERE NEW.change_index > (SELECT change_index FROM roll);
END;
CREATE TRIGGER service_deleted AFTER DELETE ON service
BEGIN
  INSERT INTO edit (zone, service, id) VALUES (OLD.zone, OLD.name, '');
END;

CREATE TRIGGER roll_is_kept BEFORE DELETE ON roll
BEGIN
  SELECT RAISE(ABORT, 'the row of roll is rollcalld''s own');
END;
CREATE TRIGGER roll_counts BEFORE UPDATE ON roll
  WHEN NEW.change_index < OLD.change_index OR NEW.event_id < OLD.event_id
BEGIN
  SELECT RAISE(ABORT, 'what rollcalld has counted never goes back');
END;
)sql";

// Adds keys and values, sessions and prepared queries of Consul's API. Rollcall reads them at start only.
constexpr const char* k_version_5 = R"sql(
CREATE TABLE kv_counter (
  one          INTEGER PRIMARY KEY CHECK (one = 1),
  change_index INTEGER NOT NULL CHECK (change_index >= 0)
) STRICT;
INSERT INTO kv_counter (one, change_index) VALUES (1, 0);

CREATE TABLE kv_entry (
  key          TEXT NOT NULL PRIMARY KEY CHECK (length(CAST(key AS BLOB)) BETWEEN 1 AND 1024),
  value        BLOB NOT NULL CHECK (length(value) <= 524288),
  flags        INTEGER NOT NULL DEFAULT 0,
  session      TEXT NOT NULL DEFAULT '',
  lock_index   INTEGER NOT NULL DEFAULT 0 CHECK (lock_index >= 0),
  create_index INTEGER NOT NULL CHECK (create_index > 0),
  modify_index INTEGER NOT NULL CHECK (modify_index > 0)
) STRICT;

CREATE TABLE kv_session (
  id             TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  name           TEXT NOT NULL DEFAULT '',
  node           TEXT NOT NULL DEFAULT '',
  node_checks    TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(node_checks) AND json_type(node_checks) = 'array'),
  service_checks TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(service_checks) AND json_type(service_checks) = 'array'),
  ttl_ms         INTEGER CHECK (ttl_ms BETWEEN 10000 AND 86400000),
  lock_delay_ms  INTEGER NOT NULL CHECK (lock_delay_ms BETWEEN 0 AND 60000),
  behavior       TEXT NOT NULL CHECK (behavior IN ('release', 'delete')),
  create_index   INTEGER NOT NULL CHECK (create_index > 0),
  modify_index   INTEGER NOT NULL CHECK (modify_index > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE kv_lock_delay (
  key      TEXT NOT NULL PRIMARY KEY,
  delay_ms INTEGER NOT NULL CHECK (delay_ms BETWEEN 1 AND 60000)
) STRICT, WITHOUT ROWID;

CREATE TABLE prepared_query (
  id           TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  definition   TEXT NOT NULL CHECK (json_valid(definition) AND json_type(definition) = 'object'),
  create_index INTEGER NOT NULL CHECK (create_index > 0),
  modify_index INTEGER NOT NULL CHECK (modify_index > 0)
) STRICT, WITHOUT ROWID;
)sql";

// Adds the host that has made a session, on which its checks are looked for.
constexpr const char* k_version_6 = R"sql(
ALTER TABLE kv_session ADD COLUMN host TEXT NOT NULL DEFAULT '';
)sql";

constexpr std::array k_steps{k_version_1, k_version_2, k_version_3, k_version_4, k_version_5, k_version_6};

}  // namespace

std::span<const char* const> schema_steps() { return k_steps; }

}  // namespace rollcall::store
