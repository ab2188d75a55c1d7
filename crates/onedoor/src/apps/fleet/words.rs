//! The words of the fleet: what can happen to an app as a whole, what is done about it, who waits for what.

use std::collections::VecDeque;
use std::time::Instant;

use crate::apps::life::{Action, Event, How, Rules};
use crate::apps::spec::{ReplaceHow, RestartPolicy, StartWhen};
use crate::registry::DownClass;

/// One instance of an app, from its making until its process and what that left behind are gone. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::apps) struct InstanceId(pub(in crate::apps) u64);

/// A question that is answered later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::apps) struct Ticket(pub(in crate::apps) u64);

/// What the fleet knows of its app.
#[derive(Clone, Debug)]
pub(in crate::apps) struct FleetRules {
    pub(in crate::apps) machine: Rules,
    pub(in crate::apps) restart: RestartPolicy,
    pub(in crate::apps) replicas: u16,
    pub(in crate::apps) start: StartWhen,
    pub(in crate::apps) replace: ReplaceHow,
    /// Where it listens leaves room for one process only.
    pub(in crate::apps) room: Room,
    /// Where the jitter of the backoff begins.
    pub(in crate::apps) seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::apps) enum Room {
    ForMany,
    /// A port that the app cannot be told.
    ForOne,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::apps) enum FleetEvent {
    /// What the app needs is there.
    Begin,
    /// A request waits for the app.
    Wanted,
    Of {
        id: InstanceId,
        event: Event,
    },
    /// No request is in flight at a leaving instance any more, or its time is up.
    Drained {
        id: InstanceId,
    },
    /// The process of a leaving instance is gone, and what it left behind, too.
    Cleared {
        id: InstanceId,
    },
    /// Nobody asked for the app for as long as it may idle.
    Idle,
    /// The instance takes more than its share and is to be replaced.
    Outgrown {
        id: InstanceId,
    },
    Asked {
        asking: Asking,
        ticket: Ticket,
    },
    StopAsked {
        kill_at: Instant,
    },
    Hurry {
        kill_at: Instant,
    },
}

/// What an operator may ask of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::apps) enum Asking {
    /// Replace every instance, one at a time.
    Restart,
    /// Replace every instance at once, whatever it is doing.
    Renew,
    Stop,
    Start,
    Scale {
        replicas: u16,
    },
}

/// Why an operator's wish was not fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::apps) enum Refused {
    /// The new instance failed; the old one, if there was one, goes on.
    NotReady { id: InstanceId },
    /// Another wish came in between.
    Overtaken,
    /// Its port has room for one process only.
    OnePortOneProcess,
    /// None at all is what `stop` is for.
    Nothing,
    /// The whole program ends.
    Ending,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::apps) enum FleetAction {
    /// There is a new instance; what it is to do follows.
    Make {
        id: InstanceId,
        slot: u16,
    },
    Of {
        id: InstanceId,
        action: Action,
    },
    /// Tell when no request is in flight at it any more.
    Drain {
        id: InstanceId,
    },
    /// Nothing of it is left.
    Forget {
        id: InstanceId,
    },
    Publish(AppFace),
    Answer {
        ticket: Ticket,
        answer: Result<(), Refused>,
    },
    /// The app is started no more, and nobody asked for that; told of the instance that ended last.
    Ended {
        id: InstanceId,
        how: How,
    },
}

pub(in crate::apps) type FleetActions = Vec<FleetAction>;

/// What the proxy is to see of the app as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::apps) enum AppFace {
    /// Asleep: the first request starts it.
    Idle,
    Starting,
    /// These take requests. Never empty.
    Ready(Vec<InstanceId>),
    Draining,
    /// The operator stopped it.
    Stopped,
    Down {
        of: InstanceId,
        class: DownClass,
        retry_at: Option<Instant>,
    },
}

/// What the app as a whole is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Resting(Rest),
    Running,
    /// Started no more; or, if it rests, not before somebody wants it.
    Over {
        of: InstanceId,
        class: DownClass,
        since: Instant,
    },
    /// The whole program ends.
    Stopping,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// What it needs is not there yet.
    NotBegun,
    /// Until somebody asks for it.
    Lazy,
    ByOperator,
}

/// What an instance is to its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Incumbent,
    /// Takes the slot once it is ready.
    Successor,
    /// Gets no new requests, and ends.
    Leaving,
}

/// A replacement of several instances, one at a time.
#[derive(Debug)]
pub(super) struct Rolling {
    pub(super) left: VecDeque<u16>,
    pub(super) step: RollingStep,
    pub(super) tickets: Vec<Ticket>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RollingStep {
    Next,
    /// The successor is starting, and the incumbent serves.
    Awaiting {
        slot: u16,
        successor: InstanceId,
    },
    /// The successor serves, and the old instance is on its way out.
    Clearing {
        slot: u16,
    },
    /// The old one has to be gone before the new one can start, and is to be ready.
    Refilling {
        slot: u16,
    },
}

/// What somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// Every slot is taken by a ready instance, and nobody is leaving.
    Serving,
    /// Nobody is left.
    Gone,
}
