//! The functions and operators that real servers know, with what they take and make.

/// On each line the names, then `:=`, then the forms, in the order in which they are tried: what a member belongs to and a dot,
/// what is taken, and what is made. `A` and `B` are any types.
///
/// Source: cel-go v0.26 `common/stdlib/standard.go`, `cel/library.go`, `ext/comprehensions.go`, `ext/strings.go` and
/// `ext/sets.go`; apiserver v0.34.3,
/// pkg/cel/library and pkg/cel/environment/base.go, with what is known since 1.33.
pub(super) const FUNCTIONS: &str = "
_?_:_ := (bool, A, A) A
_&&_ _||_ := (bool, bool) bool
!_ @not_strictly_false := (bool) bool
_==_ _!=_ := (A, A) bool
_+_ := (bytes, bytes) bytes; (double, double) double; (duration, duration) duration; (duration, timestamp) timestamp; (timestamp, duration) timestamp; (int, int) int; (list(A), list(A)) list(A); (string, string) string; (uint, uint) uint
_/_ _*_ := (double, double) double; (int, int) int; (uint, uint) uint
_%_ := (int, int) int; (uint, uint) uint
-_ := (double) double; (int) int
_-_ := (double, double) double; (duration, duration) duration; (int, int) int; (timestamp, duration) timestamp; (timestamp, timestamp) duration; (uint, uint) uint
_<_ _<=_ _>_ _>=_ := (bool, bool) bool; (int, int) bool; (int, double) bool; (int, uint) bool; (uint, uint) bool; (uint, double) bool; (uint, int) bool; (double, double) bool; (double, int) bool; (double, uint) bool; (string, string) bool; (bytes, bytes) bool; (timestamp, timestamp) bool; (duration, duration) bool
_[_] := (list(A), int) A; (map(A, B), A) B; (optional(list(A)), int) optional(A); (optional(map(A, B)), A) optional(B)
_[?_] := (list(A), int) optional(A); (optional(list(A)), int) optional(A); (map(A, B), A) optional(B); (optional(map(A, B)), A) optional(B)
@in := (A, list(A)) bool; (A, map(A, B)) bool
size := (bytes) int; bytes.() int; (list(A)) int; list(A).() int; (map(A, B)) int; map(A, B).() int; (string) int; string.() int
type := (A) type(A)
bool := (bool) bool; (string) bool
bytes := (bytes) bytes; (string) bytes
double := (double) double; (int) double; (string) double; (uint) double
duration := (duration) duration; (int) duration; (string) duration
dyn := (A) dyn
int := (int) int; (double) int; (duration) int; (string) int; (timestamp) int; (uint) int
string := (string) string; (bool) string; (bytes) string; (double) string; (duration) string; (int) string; (timestamp) string; (uint) string; (IP) string; (CIDR) string
timestamp := (timestamp) timestamp; (int) timestamp; (string) timestamp
uint := (uint) uint; (double) uint; (int) uint; (string) uint
contains endsWith startsWith := string.(string) bool
matches := (string, string) bool; string.(string) bool
getFullYear getMonth getDayOfYear getDayOfMonth getDate getDayOfWeek := timestamp.() int; timestamp.(string) int
getHours getMinutes getSeconds getMilliseconds := timestamp.() int; timestamp.(string) int; duration.() int
cel.@mapInsert := (map(A, B), A, B) map(A, B); (map(A, B), map(A, B)) map(A, B)
optional.of optional.ofNonZeroValue := (A) optional(A)
optional.none := () optional(A)
value := optional(A).() A
hasValue := optional(A).() bool
or := optional(A).(optional(A)) optional(A)
orValue := optional(A).(A) A
first last := list(A).() optional(A)
optional.unwrap := (list(optional(A))) list(A)
unwrapOpt := list(optional(A)).() list(A)
charAt := string.(int) string
indexOf lastIndexOf := string.(string) int; string.(string, int) int; list(A).(A) int
lowerAscii upperAscii trim := string.() string
replace := string.(string, string) string; string.(string, string, int) string
split := string.(string) list(string); string.(string, int) list(string)
substring := string.(int) string; string.(int, int) string
format := string.(list(dyn)) string
strings.quote := (string) string
join := list(string).() string; list(string).(string) string
sets.contains sets.equivalent sets.intersects := (list(A), list(A)) bool
isSorted := list(int).() bool; list(uint).() bool; list(double).() bool; list(bool).() bool; list(duration).() bool; list(timestamp).() bool; list(string).() bool; list(bytes).() bool
sum := list(int).() int; list(uint).() uint; list(double).() double; list(duration).() duration
max min := list(int).() int; list(uint).() uint; list(double).() double; list(bool).() bool; list(duration).() duration; list(timestamp).() timestamp; list(string).() string; list(bytes).() bytes
find := string.(string) string
findAll := string.(string) list(string); string.(string, int) list(string)
url := (string) URL
getScheme getHost getHostname getPort getEscapedPath := URL.() string
getQuery := URL.() map(string, list(string))
isURL := (string) bool
quantity := (string) Quantity
isQuantity := (string) bool
sign := (Quantity) int
isGreaterThan isLessThan := Quantity.(Quantity) bool; Semver.(Semver) bool
compareTo := Quantity.(Quantity) int; Semver.(Semver) int
asApproximateFloat := Quantity.() double
asInteger := Quantity.() int
isInteger := Quantity.() bool
add sub := Quantity.(Quantity) Quantity; Quantity.(int) Quantity
ip := (string) IP; CIDR.() IP
family := IP.() int
ip.isCanonical isIP := (string) bool
isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast := IP.() bool
cidr := (string) CIDR
isCIDR := (string) bool
containsIP := CIDR.(string) bool; CIDR.(IP) bool
containsCIDR := CIDR.(string) bool; CIDR.(CIDR) bool
prefixLength := CIDR.() int
masked := CIDR.() CIDR
format.dns1123Label format.dns1123Subdomain format.dns1035Label format.qualifiedName format.dns1123LabelPrefix format.dns1123SubdomainPrefix format.dns1035LabelPrefix format.labelValue format.uri format.uuid format.byte format.date format.datetime := () Format
format.named := (string) optional(Format)
validate := Format.(string) optional(list(string))
semver := (string) Semver; (string, bool) Semver
isSemver := (string) bool; (string, bool) bool
major minor patch := Semver.() int
path := Authorizer.(string) PathCheck
group := Authorizer.(string) GroupCheck
serviceAccount := Authorizer.(string, string) Authorizer
resource := GroupCheck.(string) ResourceCheck
subresource namespace name fieldSelector labelSelector := ResourceCheck.(string) ResourceCheck
check := PathCheck.(string) Decision; ResourceCheck.(string) Decision
errored allowed := Decision.() bool
error reason := Decision.() string
";
