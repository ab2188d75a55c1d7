//! `builtin = "metrics"`: what all workers have counted, added up and written for Prometheus.
//!
//! The names below are a contract (docs/operations.md): dashboards and alarms stand on them. A page is written by the
//! worker that was asked, from numbers that the others go on writing: each is right, no two are of the same instant.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use onedoor_http1::FieldKind;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry as Registered;

use super::{Answer, send, stage};
use crate::observe::metrics::HistogramSum;
use crate::proxy::counters::{RouteCounters, WorkerCounters};
use crate::proxy::door::Door;
use crate::proxy::edition::Edition;
use crate::proxy::inbound::{Head, ReplySink};
use crate::proxy::refusal::{Culprit, RefusalClass};
use crate::proxy::route::{Action, Route, RouteId};
use crate::proxy::worker::Worker;
use crate::registry::Availability;

/// The route of a request that met none. No pattern is without a slash.
const NO_ROUTE: &str = "none";

pub(super) async fn answer(worker: &Worker, head: Head<'_>, reply: &mut ReplySink<'_>) -> io::Result<u16> {
    let dialect = Dialect::asked_for(head);
    let page = Page { door: Arc::clone(worker.door()), edition: worker.door().edition(), dialect }.write();
    stage(worker, 200, reply);
    reply.field(b"Content-Type", dialect.media_type().as_bytes());
    reply.field(b"Cache-Control", b"no-store");
    send(head, &Answer { status: 200, body: page.as_bytes() }, reply).await?;
    Ok(200)
}

/// The two ways to write the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    /// What every scraper and every person can read.
    Classic,
    /// What Prometheus asks for first since 2.5. A counter's family is named without `_total`, and `# EOF` ends the page.
    OpenMetrics,
}

impl Dialect {
    /// OpenMetrics for whoever likes it at least as well as plain text (RFC 9110 12.5.1); `*/*` does not know it.
    fn asked_for(head: Head<'_>) -> Self {
        let (mut open, mut plain) = (0.0_f32, 0.0_f32);
        for field in head.parsed.find(FieldKind::Accept) {
            for range in head.text(field.value).split(|byte| *byte == b',') {
                let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
                let media_type = parts.next().unwrap_or_default();
                let weight = parts.find_map(weight).unwrap_or(1.0);
                if media_type.eq_ignore_ascii_case(b"application/openmetrics-text") {
                    open = open.max(weight);
                } else if media_type.eq_ignore_ascii_case(b"text/plain") {
                    plain = plain.max(weight);
                }
            }
        }
        if open > 0.0 && open >= plain { Self::OpenMetrics } else { Self::Classic }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Classic => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// The number behind `q=`; None for another parameter. What is no number weighs nothing (RFC 9110 12.4.2).
fn weight(parameter: &[u8]) -> Option<f32> {
    let value = parameter.strip_prefix(b"q=").or_else(|| parameter.strip_prefix(b"Q="))?;
    Some(std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()).unwrap_or(0.0))
}

/// One scrape.
struct Page {
    door: Arc<Door>,
    edition: Arc<Edition>,
    dialect: Dialect,
}

impl Page {
    fn write(self) -> String {
        let dialect = self.dialect;
        let mut registered = Registered::default();
        registered.register_collector(Box::new(self));
        let mut page = String::new();
        let written = match dialect {
            Dialect::Classic => text::encode_registry(&mut page, &registered),
            Dialect::OpenMetrics => text::encode(&mut page, &registered),
        };
        written.expect("a String takes everything, and no number here is one that cannot be written");
        page
    }
}

/// Nobody prints a page that way, but a collector must be able to: all that a door has under it would be compiled for it.
impl fmt::Debug for Page {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Page").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}

impl Collector for Page {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut families = Families { encoder, dialect: self.dialect };
        let out = &mut families;
        self.process(out)?;
        self.requests(out)?;
        self.failures(out)?;
        self.bodies(out)?;
        self.connections(out)?;
        self.upstreams(out)?;
        self.apps(out)
    }
}

impl Page {
    fn process(&self, out: &mut Families<'_>) -> fmt::Result {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        out.gauge("onedoor_build_info", "Always 1; the version that runs.")?.sample(&version, 1)?;
        let started = self.door.started().duration_since(UNIX_EPOCH).unwrap_or_default();
        let help = "When onedoor was started, in seconds since 1970.";
        out.gauge("process_start_time_seconds", help)?.seconds(started.as_secs_f64())?;
        let workers = self.door.workers() as u64;
        out.gauge("onedoor_workers", "Worker threads.")?.sample(&[], workers)?;
        let help = "Workers that died of a bug in onedoor and were started again.";
        let deaths = self.sum(|worker| worker.worker_deaths.now());
        out.counter("onedoor_worker_deaths_total", help)?.sample(&[], deaths)
    }

    fn requests(&self, out: &mut Families<'_>) -> fmt::Result {
        let help = "Requests that are over, by route and status; 499: the client left before its answer.";
        let mut family = out.counter("onedoor_requests_total", help)?;
        for (id, labels) in self.takers() {
            let mut statuses = BTreeMap::<u16, u64>::new();
            for route in self.taken_by(id) {
                route.statuses.each(|status, count| *statuses.entry(status).or_default() += count);
            }
            for (status, count) in statuses {
                let status = status.to_string();
                family.sample(&[&labels[..], &[("status", &status)]].concat(), count)?;
            }
        }
        let help = "From a request's head to its last byte, or to the 101 before a tunnel.";
        let mut family = out.histogram("onedoor_request_duration_seconds", help)?;
        for (id, labels) in self.takers() {
            let mut sum = HistogramSum::default();
            for route in self.taken_by(id) {
                sum.add(&route.durations);
            }
            if sum.count() > 0 {
                family.histogram(&labels, &sum)?;
            }
        }
        let in_flight = self.door.exchanges() as u64;
        out.gauge("onedoor_requests_in_flight", "Requests under way; tunnels apart.")?.sample(&[], in_flight)
    }

    fn failures(&self, out: &mut Families<'_>) -> fmt::Result {
        let help = "Requests that onedoor answered with an error of its own, by cause.";
        let mut family = out.counter("onedoor_refusals_total", help)?;
        for class in RefusalClass::ALL {
            family.sample(&[("cause", class.word())], self.sum(|worker| worker.refusals(class)))?;
        }
        let help = "Requests cut off after their answer had begun, or left by their client, by who did it.";
        let mut family = out.counter("onedoor_requests_cut_total", help)?;
        for culprit in [Culprit::Client, Culprit::Upstream] {
            family.sample(&[("by", culprit.word())], self.sum(|worker| worker.cuts(culprit)))?;
        }
        Ok(())
    }

    fn bodies(&self, out: &mut Families<'_>) -> fmt::Result {
        let help =
            "Bytes of bodies and tunnels, from clients (up) and to them (down), by how they were moved.";
        let mut family = out.counter("onedoor_body_bytes_total", help)?;
        let mut sample =
            |direction, how, bytes| family.sample(&[("direction", direction), ("how", how)], bytes);
        sample("down", "copied", self.sum(|worker| worker.traffic.copied_down.now()))?;
        sample("down", "spliced", self.sum(|worker| worker.traffic.spliced_down.now()))?;
        sample("up", "copied", self.sum(|worker| worker.traffic.copied_up.now()))?;
        sample("up", "spliced", self.sum(|worker| worker.traffic.spliced_up.now()))
    }

    fn connections(&self, out: &mut Families<'_>) -> fmt::Result {
        let now = self.door.connections() as u64;
        out.gauge("onedoor_connections", "Connections with clients.")?.sample(&[], now)?;
        let accepted = self.sum(|worker| worker.connections.accepted.now());
        let help = "Connections with clients since the start.";
        out.counter("onedoor_connections_accepted_total", help)?.sample(&[], accepted)?;
        let turned_away = self.sum(|worker| worker.connections.turned_away.now());
        let help = "Connections closed at once because there were too many.";
        out.counter("onedoor_connections_turned_away_total", help)?.sample(&[], turned_away)?;
        let closed = self.sum(|worker| worker.connections.tunnels_closed.now());
        let opened = self.sum(|worker| worker.connections.tunnels_opened.now());
        out.gauge("onedoor_tunnels", "Open tunnels: WebSockets and other upgrades.")?
            .sample(&[], opened.saturating_sub(closed))?;
        out.counter("onedoor_tunnels_opened_total", "Tunnels since the start.")?.sample(&[], opened)
    }

    fn upstreams(&self, out: &mut Families<'_>) -> fmt::Result {
        let opened = self.sum(|worker| worker.attempts.connections_opened.now());
        let help = "Connections made to apps and other upstreams.";
        out.counter("onedoor_upstream_connections_opened_total", help)?.sample(&[], opened)?;
        let reused = self.sum(|worker| worker.attempts.connections_reused.now());
        let help = "Times a kept connection to an app or another upstream served again.";
        out.counter("onedoor_upstream_connections_reused_total", help)?.sample(&[], reused)?;
        let repeated = self.sum(|worker| worker.attempts.repeated.now());
        let help = "Tries lost before their answer began, and made again.";
        out.counter("onedoor_attempts_repeated_total", help)?.sample(&[], repeated)?;
        let ended = self.sum(|worker| worker.attempts.holds_ended.now());
        let begun = self.sum(|worker| worker.attempts.holds_begun.now());
        let held = begun.saturating_sub(ended);
        out.gauge("onedoor_requests_held", "Requests that wait for their app.")?.sample(&[], held)?;
        let help = "Times a request had to wait for its app.";
        out.counter("onedoor_holds_total", help)?.sample(&[], begun)
    }

    fn apps(&self, out: &mut Families<'_>) -> fmt::Result {
        let registry = self.edition.registry();
        if registry.apps().next().is_none() {
            return Ok(());
        }
        let mut family = out.gauge("onedoor_app_ready", "1 while the app takes requests.")?;
        for app in registry.apps() {
            let ready = state(&registry.now(app)) == "ready";
            family.sample(&[("app", registry.name(app))], u64::from(ready))?;
        }
        let mut family = out.gauge("onedoor_app_state", "1 for the state that the app is in.")?;
        for app in registry.apps() {
            let now = state(&registry.now(app));
            for one in STATES {
                family.sample(&[("app", registry.name(app)), ("state", one)], u64::from(one == now))?;
            }
        }
        let help = "Starts of the app after its first, those that failed included.";
        let mut family = out.counter("onedoor_app_restarts_total", help)?;
        for app in registry.apps() {
            family.sample(&[("app", registry.name(app))], registry.restarts(app))?;
        }
        Ok(())
    }

    fn sum(&self, of: impl Fn(&WorkerCounters) -> u64) -> u64 {
        self.door.counters_of_all().iter().map(of).sum()
    }

    /// What each worker has counted of a route, or of none.
    fn taken_by(&self, taker: Option<RouteId>) -> Box<dyn Iterator<Item = &RouteCounters> + '_> {
        match taker {
            Some(route) => Box::new(self.edition.tallies(route)),
            None => Box::new(self.door.counters_of_all().iter().map(|worker| &worker.no_route)),
        }
    }

    /// Whoever took a request: every route, and none.
    fn takers(&self) -> impl Iterator<Item = (Option<RouteId>, Vec<(&str, &str)>)> {
        let routes = self.edition.config().all_routes().map(|(id, route)| (Some(id), self.labels(route)));
        routes.chain([(None, vec![("route", NO_ROUTE)])])
    }

    fn labels<'r>(&'r self, route: &'r Route) -> Vec<(&'r str, &'r str)> {
        let mut labels = vec![("route", &*route.name)];
        if let Action::App { app, .. } = route.action {
            labels.push(("app", self.edition.registry().name(app)));
        }
        labels
    }
}

const STATES: [&str; 5] = ["idle", "starting", "ready", "down", "stopping"];

fn state(availability: &Availability) -> &'static str {
    match availability {
        Availability::Idle => "idle",
        Availability::Starting { .. } => "starting",
        Availability::Ready { .. } => "ready",
        Availability::Down { .. } => "down",
        Availability::Draining => "stopping",
    }
}

/// Where the families of a page go.
struct Families<'e> {
    encoder: DescriptorEncoder<'e>,
    dialect: Dialect,
}

impl Families<'_> {
    /// `name` ends in `_total`, as its samples do.
    fn counter<'s>(&'s mut self, name: &'s str, help: &str) -> Result<Family<'s>, fmt::Error> {
        let family = match self.dialect {
            Dialect::Classic => name,
            Dialect::OpenMetrics => name.strip_suffix("_total").ok_or(fmt::Error)?,
        };
        let metric = self.encoder.encode_descriptor(family, help, None, MetricType::Counter)?;
        let suffix = match self.dialect {
            Dialect::Classic => Suffix::InTheName,
            Dialect::OpenMetrics => Suffix::Total,
        };
        Ok(Family { metric, suffix })
    }

    fn gauge<'s>(&'s mut self, name: &'s str, help: &str) -> Result<Family<'s>, fmt::Error> {
        let metric = self.encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        Ok(Family { metric, suffix: Suffix::InTheName })
    }

    fn histogram<'s>(&'s mut self, name: &'s str, help: &str) -> Result<Family<'s>, fmt::Error> {
        let metric = self.encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
        Ok(Family { metric, suffix: Suffix::InTheName })
    }
}

/// One family, open for its samples.
struct Family<'f> {
    metric: MetricEncoder<'f>,
    suffix: Suffix,
}

/// What the encoder adds to the family's name to make a sample's.
#[derive(Clone, Copy)]
enum Suffix {
    InTheName,
    Total,
}

impl Family<'_> {
    fn sample(&mut self, labels: &[(&str, &str)], value: u64) -> fmt::Result {
        match self.suffix {
            _ if labels.is_empty() => number(&mut self.metric, self.suffix, value),
            suffix => number(&mut self.metric.encode_family(&labels)?, suffix, value),
        }
    }

    fn seconds(&mut self, value: f64) -> fmt::Result {
        self.metric.encode_gauge(&value)
    }

    fn histogram(&mut self, labels: &[(&str, &str)], sum: &HistogramSum) -> fmt::Result {
        let mut metric = self.metric.encode_family(&labels)?;
        metric.encode_histogram::<NoLabelSet>(sum.seconds(), sum.count(), &sum.buckets(), None)
    }
}

fn number(metric: &mut MetricEncoder<'_>, suffix: Suffix, value: u64) -> fmt::Result {
    match suffix {
        // A sample is a name, labels and a number; a gauge's is written without adding to the name.
        Suffix::InTheName => metric.encode_gauge(&value),
        Suffix::Total => metric.encode_counter::<NoLabelSet, u64, f64>(&value, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::metrics::Histogram;
    use onedoor_http1::{Parsed, RequestHead};
    use std::time::Duration;

    fn dialect_for(accept: &str) -> Dialect {
        let request = format!("GET /metrics HTTP/1.1\r\nHost: a\r\n{accept}\r\n");
        let mut parsed = RequestHead::default();
        let complete = Parsed::Complete { head_bytes: request.len() };
        assert_eq!(parsed.parse(request.as_bytes(), &Default::default()), Ok(complete));
        Dialect::asked_for(Head { bytes: request.as_bytes(), parsed: &parsed })
    }

    #[test]
    fn open_metrics_is_for_those_who_prefer_it() {
        // What Prometheus 3 sends, word for word.
        let prometheus = "Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2\r\n";
        for (accept, dialect) in [
            (prometheus, Dialect::OpenMetrics),
            ("Accept: Application/OpenMetrics-Text\r\n", Dialect::OpenMetrics),
            ("Accept: text/plain;q=0.5\r\nAccept: application/openmetrics-text\r\n", Dialect::OpenMetrics),
            ("", Dialect::Classic),
            ("Accept: */*\r\n", Dialect::Classic),
            ("Accept: text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n", Dialect::Classic),
            ("Accept: text/plain, application/openmetrics-text; q=0.4\r\n", Dialect::Classic),
            ("Accept: application/openmetrics-text;q=0\r\n", Dialect::Classic),
            ("Accept: application/openmetrics-text;q=x\r\n", Dialect::Classic),
        ] {
            assert_eq!(dialect_for(accept), dialect, "{accept}");
        }
    }

    /// One family of each kind, with a label that would break the page if it were written as it is.
    #[derive(Debug)]
    struct Sample(Dialect);

    impl Collector for Sample {
        fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
            let mut families = Families { encoder, dialect: self.0 };
            let mut family = families.counter("a_total", "Counts.")?;
            family.sample(&[], 1)?;
            family.sample(&[("route", "/\"b\\d+\"\n")], u64::MAX)?;
            families.gauge("b", "Goes up and down.")?.sample(&[("x", ""), ("y", "z")], 0)?;
            families.gauge("c_seconds", "A time.")?.seconds(1_795_459_558.25)?;
            let histogram = Histogram::default();
            histogram.took(Duration::from_millis(7));
            histogram.took(Duration::from_secs(100));
            let mut sum = HistogramSum::default();
            sum.add(&histogram);
            families.histogram("d_seconds", "How long.")?.histogram(&[("route", "/")], &sum)
        }
    }

    fn page(dialect: Dialect) -> String {
        let mut registered = Registered::default();
        registered.register_collector(Box::new(Sample(dialect)));
        let mut page = String::new();
        text::encode_registry(&mut page, &registered).unwrap();
        page
    }

    #[test]
    fn every_kind_of_family_is_written_as_scrapers_read_it() {
        insta::assert_snapshot!(page(Dialect::Classic));
    }

    #[test]
    fn the_dialects_differ_in_the_names_of_counters_families_alone() {
        let classic = page(Dialect::Classic);
        let open = classic.replace("# HELP a_total ", "# HELP a ").replace("# TYPE a_total ", "# TYPE a ");
        assert_ne!(classic, open);
        assert_eq!(page(Dialect::OpenMetrics), open);
    }
}
