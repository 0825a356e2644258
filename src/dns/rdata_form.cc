#include "dns/rdata_form.h"

#include <algorithm>

#include "base/ascii_case.h"
#include "dns/presentation.h"

namespace rollcall::dns {
namespace {

using F = Field;

// Sorted by type number.
constexpr auto k_forms = std::to_array<RdataForm>({
    {1, "A", "an IPv4 address", {F::ipv4}},
    {2, "NS", "one name", {F::name}},
    {3, "MD", "one name", {F::name}},
    {4, "MF", "one name", {F::name}},
    {5, "CNAME", "one name", {F::name}},
    {6,
     "SOA",
     "primary server, mailbox, serial, refresh, retry, expire and minimum",
     {F::name, F::name, F::u32, F::period, F::period, F::period, F::period}},
    {7, "MB", "one name", {F::name}},
    {8, "MG", "one name", {F::name}},
    {9, "MR", "one name", {F::name}},
    {12, "PTR", "one name", {F::name}},
    {13, "HINFO", "two strings: CPU and system", {F::string, F::string}},
    {14, "MINFO", "two names: responsible and error mailbox", {F::name, F::name}},
    {15, "MX", "a preference and a name", {F::u16, F::name}},
    {16, "TXT", "strings of at most 255 octets", {F::strings}},
    {17, "RP", "two names: mailbox and TXT record", {F::name, F::name}},
    {18, "AFSDB", "a subtype and a name", {F::u16, F::name}},
    {19, "X25", "one string of four digits or more", {F::string}},
    {20, "ISDN", "one or two strings: address and subaddress", {F::string, F::optional_string}},
    {21, "RT", "a preference and a name", {F::u16, F::name}},
    {22, "NSAP", "0x and hexadecimal digits", {F::nsap}},
    {23, "NSAP-PTR", "one name", {F::name}},
    {25, "KEY", "flags, protocol, algorithm and key", {F::u16, F::u8, F::algorithm, F::optional_base64}},
    {26, "PX", "a preference and two names", {F::u16, F::name, F::name}},
    {27, "GPOS", "three strings: longitude, latitude and altitude", {F::string, F::string, F::string}},
    {28, "AAAA", "an IPv6 address", {F::ipv6}},
    {29, "LOC", "degrees [minutes [seconds]] N or S, the same E or W, altitude [size [precisions]]", {F::location}},
    {33, "SRV", "priority, weight, port and target", {F::u16, F::u16, F::u16, F::name}},
    {35,
     "NAPTR",
     "order, preference, flags, services, regular expression and replacement",
     {F::u16, F::u16, F::string, F::string, F::string, F::name}},
    {36, "KX", "a preference and a name", {F::u16, F::name}},
    {37,
     "CERT",
     "type, key tag, algorithm and certificate in base64",
     {F::certificate_type, F::u16, F::algorithm, F::base64}},
    {39, "DNAME", "one name", {F::name}},
    {42, "APL", "prefixes: 1:192.0.2.0/24, !2:2001:db8::/32", {F::prefixes}},
    {43,
     "DS",
     "key tag, algorithm, digest type and digest of that type's length",
     {F::u16, F::algorithm, F::digest_type, F::hex}},
    {44, "SSHFP", "algorithm, fingerprint type and fingerprint of that type's length", {F::u8, F::u8, F::hex}},
    {45,
     "IPSECKEY",
     "precedence, gateway type, algorithm, gateway and key in base64",
     {F::u8, F::u8, F::u8, F::gateway, F::optional_base64}},
    {46,
     "RRSIG",
     "type, algorithm, labels, TTL, expiration, inception, key tag, signer and signature",
     {F::type, F::algorithm, F::u8, F::u32, F::time, F::time, F::u16, F::name, F::base64}},
    {47, "NSEC", "the next name and its types", {F::name, F::bitmap_of_some}},
    {48, "DNSKEY", "flags, protocol, algorithm and key in base64", {F::u16, F::u8, F::algorithm, F::base64}},
    {49, "DHCID", "base64", {F::base64}},
    {50,
     "NSEC3",
     "hash algorithm, flags, iterations, salt, next hash and types",
     {F::u8, F::u8, F::u16, F::salt, F::hash, F::bitmap}},
    {51, "NSEC3PARAM", "hash algorithm, flags, iterations and salt", {F::u8, F::u8, F::u16, F::salt}},
    {52,
     "TLSA",
     "usage, selector, matching type and data in hexadecimal",
     {F::tlsa_usage, F::tlsa_selector, F::tlsa_matching, F::hex}},
    {53,
     "SMIMEA",
     "usage, selector, matching type and data in hexadecimal",
     {F::tlsa_usage, F::tlsa_selector, F::tlsa_matching, F::hex}},
    {55, "HIP", "algorithm, tag in hexadecimal, key in base64, rendezvous servers", {F::host_identity, F::names}},
    {56, "NINFO", "strings of at most 255 octets", {F::strings}},
    {57, "RKEY", "flags, protocol, algorithm and key in base64", {F::u16, F::u8, F::algorithm, F::base64}},
    {58, "TALINK", "two names", {F::name, F::name}},
    {59,
     "CDS",
     "key tag, algorithm, digest type and digest of that type's length",
     {F::u16, F::algorithm, F::digest_type, F::hex}},
    {60, "CDNSKEY", "flags, protocol, algorithm and key in base64", {F::u16, F::u8, F::algorithm, F::base64}},
    {61, "OPENPGPKEY", "base64", {F::base64}},
    {62, "CSYNC", "serial, flags and types", {F::u32, F::u16, F::bitmap}},
    {63,
     "ZONEMD",
     "serial, scheme, hash algorithm and digest of that algorithm's length",
     {F::u32, F::u8, F::u8, F::hex}},
    {64, "SVCB", "priority, target and SvcParams", {F::u16, F::name, F::svc_params}},
    {65, "HTTPS", "priority, target and SvcParams", {F::u16, F::name, F::svc_params}},
    {66, "DSYNC", "type, scheme, port and target", {F::type, F::notify_scheme, F::u16, F::name}},
    {99, "SPF", "strings of at most 255 octets", {F::strings}},
    {104, "NID", "a preference and four groups of hexadecimal digits", {F::u16, F::locator}},
    {105, "L32", "a preference and an IPv4 address", {F::u16, F::ipv4}},
    {106, "L64", "a preference and four groups of hexadecimal digits", {F::u16, F::locator}},
    {107, "LP", "a preference and a name", {F::u16, F::name}},
    {108, "EUI48", "six octets: 00-00-5e-00-53-2a", {F::eui48}},
    {109, "EUI64", "eight octets: 00-00-5e-ef-10-00-00-2a", {F::eui64}},
    {256, "URI", "priority, weight and a target in quotes", {F::u16, F::u16, F::octets}},
    {257, "CAA", "flags, a tag of letters and digits, and a value", {F::u8, F::tag, F::octets}},
    {258, "AVC", "strings of at most 255 octets", {F::strings}},
    {260, "AMTRELAY", "precedence, discovery bit, relay type and relay", {F::u8, F::relay_type, F::relay}},
    {261, "RESINFO", "strings of at most 255 octets", {F::strings}},
    {262, "WALLET", "strings of at most 255 octets", {F::strings}},
    {32768,
     "TA",
     "key tag, algorithm, digest type and digest of that type's length",
     {F::u16, F::algorithm, F::digest_type, F::hex}},
    {32769,
     "DLV",
     "key tag, algorithm, digest type and digest of that type's length",
     {F::u16, F::algorithm, F::digest_type, F::hex}},
});
static_assert(std::ranges::is_sorted(k_forms, {}, &RdataForm::type));

}  // namespace

const RdataForm* find_form(Type type) {
  const auto number = static_cast<std::uint16_t>(type);
  const auto at = std::ranges::lower_bound(k_forms, number, {}, &RdataForm::type);
  return at != k_forms.end() && at->type == number ? &*at : nullptr;
}

const RdataForm* find_form(std::string_view name) {
  const auto at =
      std::ranges::find_if(k_forms, [&](const RdataForm& form) { return equal_but_for_case(form.name, name); });
  return at == k_forms.end() ? nullptr : &*at;
}

}  // namespace rollcall::dns
