//! What happens beside a request: to the server, to what a client sees of it, or to the object that is meant.

use jiff::SignedDuration;

/// What happens to the server, to what a client sees of it, or to an object behind the client's back.
///
/// Source: `spec/kube-api.md` §5.2 F2, F3, F6, F7, F8, F9, F10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disturbance {
    /// All open watches of the client end.
    DropWatches,
    /// All open watches of the client end with 410: what happens before it lists again it is never told.
    ExpireWatches,
    /// For so long no watch of the client lives: those that are open end, and each that it opens ends at once, without an
    /// event, which client-go takes for an error.
    ShortWatches(SignedDuration),
    /// Watches do not work as they should until they end: of a request to watch the one that it opens, of any other request
    /// all that the client has open.
    Watches(Flaw),
    /// Some of the open watches of the client, as a seed says, stop one by one, and then go on in another order.
    ///
    /// Source: `spec/kube-api.md` §5.1 (FoundationDB, swizzle-clogging).
    Swizzle(Swizzle),
    /// The connection over which the request came takes no other: over HTTP/2 the client is told so (GOAWAY), over HTTP/1.1 by
    /// `Connection: close`. What is under way on it, such as watches, goes on. A client in this process has no connection,
    /// and notices nothing.
    ///
    /// Source: kube-apiserver 1.34 `server/filters/goaway.go`, which says so over HTTP/2 only.
    GoAway,
    /// The client's watches, and its lists from the cache, stand still for so long, as on a replica that lags behind.
    Lag(SignedDuration),
    /// History until now is forgotten, so that pages and watches from before answer 410.
    Compact,
    /// From now on the server's clock is so far ahead of everybody else's; negative if behind.
    Skew(SignedDuration),
    /// From now on the client's own clock is so far ahead of everybody else's; negative if behind. How long it waits does not
    /// change.
    ClientSkew(SignedDuration),
    /// The server stops: all watches of everybody end, history is forgotten, and nobody reaches it for so long.
    Restart(SignedDuration),
    /// The kind of the request, or the one that it defines, is not served for so long: nobody finds it, discovery does not
    /// know it, and watches of it end. Its objects stay.
    Unserve(SignedDuration),
    /// Definitions that are made before so long has passed are established only then.
    HoldDefinitions(SignedDuration),
    /// Discovery shows the kinds of now for so long, whatever becomes of them.
    FreezeDiscovery(SignedDuration),
    /// A list that asks for pages gets no more than so many objects in one.
    Pages(usize),
    /// Somebody else does this to the object of the request, just before it; nothing if there is none.
    Meddle(Meddling),
}

/// Which watches stop and go on, and how fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Swizzle {
    /// What chooses them, and both orders.
    pub seed: u64,
    /// The time from one to the next.
    pub pace: SignedDuration,
}

/// What is wrong with a watch.
///
/// Source: `spec/kube-api.md` §5.2 F6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// Events come so long after they happened, in their order.
    Late(SignedDuration),
    /// Events are held back and come together, each time that so long has passed.
    Batched(SignedDuration),
    /// Nothing comes, from so long on and for so long; then everything that was held back does, and it works again.
    Paused(SignedDuration, SignedDuration),
    /// The next event breaks off in the middle of its line, and the connection with it.
    Torn,
    /// No bookmark comes any more, but for the one that ends the state with which a watch begins: after a quiet time the client
    /// knows only a revision that may be forgotten.
    Unmarked,
    /// Nothing comes any more, not even a bookmark, until the timeout of the watch.
    Silent,
    /// The client takes up nothing any more: as soon as more than so many events wait for it the server ends the watch, or
    /// at the latest the timeout does.
    ///
    /// Source: kube-apiserver 1.34 `storage/cacher/cache_watcher.go`, `add`.
    Stalled(usize),
}

/// What somebody else does to an object.
///
/// Source: `spec/kube-api.md` §5.2 F7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meddling {
    /// Sets an annotation.
    Touch,
    /// Sets it so many times, with an event each.
    Flood(usize),
    /// Changes one value of its `spec`, which a seed chooses, as a user might.
    Edit(u64),
    /// Takes away all its labels.
    StripLabels,
    /// Applies its labels, its annotations and its `spec` as they are, by force: they have one more owner.
    Own,
    /// Adds a finalizer of its own.
    Hold,
    /// Takes that away again.
    Release,
    /// Deletes it.
    Delete,
    /// Deletes it, and creates it again as it was if nothing keeps it from going.
    Recreate,
    /// Deletes one of the objects that it owns, which a seed chooses.
    DeleteDependent(u64),
    /// Evicts it, if it is a pod, or else a pod of its namespace that still runs, which a seed chooses.
    EvictPod(u64),
    /// Says of such a pod that it has failed, as a node that lacks memory does.
    FailPod(u64),
    /// Deletes its namespace.
    DeleteNamespace,
}
