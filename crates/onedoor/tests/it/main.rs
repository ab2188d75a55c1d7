//! The promises, kept by the real binary: one file per promise, one binary for all of them.
//!
//! Every test starts `dist/onedoor` (or what `ONEDOOR_BIN` names) on a port of its own in a folder of its own, and
//! talks to it over raw sockets. Nothing here sleeps: a test waits for an event, and a guard of 20 seconds turns a
//! wait that never ends into a failure.

mod kit;

mod access_log;
mod activation;
mod alone;
mod app_lines;
mod bodies;
mod bulk;
mod cap;
mod cli;
mod completing;
mod crowd;
mod develop;
mod differential;
mod drain;
mod exec;
mod explain;
mod files;
mod floors;
mod forwarded;
mod hold;
mod hostile;
mod image;
mod importing;
mod isolation;
mod jobs;
mod layers;
mod leaving;
mod life;
mod limits;
mod listening;
mod live;
mod metrics;
mod mounted;
mod neighbours;
mod oom;
mod patience;
mod phones;
mod pid1;
mod pipelining;
mod pool;
mod proxy_protocol;
mod readiness;
mod recall;
mod reload;
mod replicas;
mod reuse;
mod rounds;
mod routing;
mod secrets;
mod siblings;
mod siege;
mod splice;
mod sticky;
mod streaming;
mod strictness;
mod tidy;
mod upgrade;
mod upstream_https;
mod websocket;
mod zero_config;
mod zoo;
