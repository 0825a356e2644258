#include "net/sockets/port_holder.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

namespace rollcall::net {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_tcp_listens = "0A";  // the state of a socket that accepts connections

// The address as the tables write it: 32 bits at a time, in the machine's order of octets.
std::string table_text(const IpAddress& address) {
  std::string text;
  const auto octets = address.bytes();
  for (std::size_t i = 0; i + 4 <= octets.size(); i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, octets.data() + i, sizeof word);
    text += fmt::format("{:08X}", word);
  }
  return text;
}

bool is_unspecified(std::string_view table_address) {
  return std::ranges::all_of(table_address, [](char c) { return c == '0'; });
}

// The inodes of sockets that stand in the way of `endpoint`: the same port, and an address that is its own or any.
std::vector<std::string> find_sockets(const char* table, const IpEndpoint& endpoint, Transport transport) {
  std::vector<std::string> inodes;
  std::ifstream file(table);
  const std::string wanted = table_text(endpoint.address);
  const std::string port = fmt::format("{:04X}", endpoint.port);
  std::string line;
  std::getline(file, line);  // the columns' names
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string slot, local, remote, state, queues, timer, retransmits, user, timeout, inode;
    words >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode;
    const std::size_t colon = local.find(':');
    if (inode.empty() || colon == std::string::npos || local.substr(colon + 1) != port) continue;
    if (transport == Transport::tcp && state != k_tcp_listens) continue;
    const std::string address = local.substr(0, colon);
    if (address == wanted || is_unspecified(address) || is_unspecified(wanted)) inodes.push_back(inode);
  }
  return inodes;
}

bool has_socket(const fs::path& process, const std::vector<std::string>& links) {
  std::error_code unreadable;
  for (fs::directory_iterator each(process / "fd", unreadable), end; !unreadable && each != end;
       each.increment(unreadable)) {
    std::error_code gone;
    const std::string target = fs::read_symlink(each->path(), gone).string();
    if (!gone && std::ranges::find(links, target) != links.end()) return true;
  }
  return false;
}

std::string name_of_process(const fs::path& process) {
  std::ifstream file(process / "comm");
  std::string name;
  std::getline(file, name);
  std::string shown;
  for (const char c : name) shown += c >= ' ' && c <= '~' ? c : '?';
  return shown.empty() ? "a program" : shown;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<std::string> find_port_holder(const IpEndpoint& endpoint, Transport transport) {
  std::vector<std::string> links;
  const bool is_tcp = transport == Transport::tcp;
  for (const char* table : {is_tcp ? "/proc/net/tcp" : "/proc/net/udp", is_tcp ? "/proc/net/tcp6" : "/proc/net/udp6"}) {
    for (const std::string& inode : find_sockets(table, endpoint, transport)) links.push_back("socket:[" + inode + "]");
  }
  if (links.empty()) return std::nullopt;
  std::error_code unreadable;
  for (fs::directory_iterator each("/proc", unreadable), end; !unreadable && each != end; each.increment(unreadable)) {
    const std::string process = each->path().filename().string();
    if (!is_number(process) || !has_socket(each->path(), links)) continue;
    return fmt::format("{} (process {})", name_of_process(each->path()), process);
  }
  return std::nullopt;
}

}  // namespace rollcall::net
