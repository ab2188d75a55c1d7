//! Which routes of one shape can meet at all: found for all of them at once, where holding each against each would
//! take long.
//!
//! What differs among thousands of routes on one path is nearly always one thing: the value of a header, the network
//! of the client, the regex of a segment. Who asks for different values of it never meets. And a pair that may meet
//! still has to ask for the same names, or to rank alike, before one of them is in vain.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::RouteSpec;
use super::pattern::Segment;
use super::regex::Matter;
use super::regex_set::RegexSet;
use super::when::{Asked, Counts, Name};

/// So many routes of one shape are held against each other without further ado.
const FEW: usize = 8;
/// Who has more neighbours than this is not told apart by it.
const PAIRS_MOST: usize = 1_000_000;

pub(super) struct Rivals<'s> {
    specs: &'s [RouteSpec],
    alike: &'s [usize],
    /// The one that tells most of them apart comes first.
    aspects: Vec<Aspect>,
    /// Places among those alike which were admitted: by their group in the first aspect …
    by_group: Vec<Vec<usize>>,
    /// … those that say nothing of it …
    silent: Vec<usize>,
    /// … and all of them by what they ask for and by how they rank.
    by_names: HashMap<Vec<&'s Name>, Vec<usize>>,
    by_rank: HashMap<(Counts, i32), Vec<usize>>,
}

impl<'s> Rivals<'s> {
    pub(super) fn among(specs: &'s [RouteSpec], alike: &'s [usize]) -> Self {
        let mut aspects = if alike.len() > FEW { aspects(specs, alike) } else { Vec::new() };
        sorted::by_key(&mut aspects, |aspect| std::cmp::Reverse(aspect.near.len()));
        let groups = aspects.first().map_or(0, |aspect| aspect.near.len());
        Self {
            specs,
            alike,
            aspects,
            by_group: vec![Vec::new(); groups],
            silent: Vec::new(),
            by_names: HashMap::new(),
            by_rank: HashMap::new(),
        }
    }

    /// The places of those admitted with which the route at this place may clash. One may be named twice.
    pub(super) fn of(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let by_aspect = self.aspects.first().and_then(|aspect| {
            let group = aspect.groups[at]?;
            let near = aspect.near[group].iter().map(|near| self.by_group[*near].as_slice());
            Some(near.chain([self.by_group[group].as_slice(), &self.silent]).collect::<Vec<_>>())
        });
        let (names, rank) = self.standing(at);
        let lists = [self.by_names.get(&names), self.by_rank.get(&rank)];
        let by_standing: Vec<&[usize]> = lists.into_iter().flatten().map(Vec::as_slice).collect();
        let length = |lists: &[&[usize]]| lists.iter().map(|list| list.len()).sum::<usize>();
        let shorter = match by_aspect {
            Some(by_aspect) if length(&by_aspect) < length(&by_standing) => by_aspect,
            _ => by_standing,
        };
        let may_meet = move |first: &usize| !self.aspects.iter().any(|aspect| aspect.excludes(*first, at));
        shorter.into_iter().flatten().copied().filter(may_meet)
    }

    pub(super) fn admit(&mut self, at: usize) {
        match self.aspects.first().map(|aspect| aspect.groups[at]) {
            Some(Some(group)) => self.by_group[group].push(at),
            Some(None) => self.silent.push(at),
            None => {}
        }
        let (names, rank) = self.standing(at);
        self.by_names.entry(names).or_default().push(at);
        self.by_rank.entry(rank).or_default().push(at);
    }

    fn standing(&self, at: usize) -> (Vec<&'s Name>, (Counts, i32)) {
        let RouteSpec { when, priority, .. } = &self.specs[self.alike[at]];
        (when.asked().map(|(name, _)| name).collect(), (when.counts(), *priority))
    }
}

/// One thing that the routes ask for, each in its own way.
struct Aspect {
    /// Of each route, those that ask for the same in one; None: whatever it is.
    groups: Vec<Option<usize>>,
    /// The other groups that each group can meet, in their order.
    near: Vec<Vec<usize>>,
}

impl Aspect {
    fn of_texts(asked: &[Option<Asked<'_>>], matter: Matter) -> Option<Self> {
        let mut known: HashMap<(bool, &str), usize> = HashMap::new();
        let mut regexes = Vec::new();
        let mut regex_groups = Vec::new();
        let mut exact = Vec::new();
        let mut groups = Vec::with_capacity(asked.len());
        for one in asked {
            groups.push(one.as_ref().map(|one| {
                let next = known.len();
                *known.entry(one.key()).or_insert_with(|| {
                    match one {
                        Asked::Exact(text) => exact.push((next, *text)),
                        Asked::Matching(regex) => {
                            regexes.push((*regex).clone());
                            regex_groups.push(next);
                        }
                    }
                    next
                })
            }));
        }
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        if !regexes.is_empty() {
            let meeting = RegexSet::overlaps(&regexes, matter)?;
            pairs.extend(meeting.into_iter().map(|(one, other)| (regex_groups[one], regex_groups[other])));
            let set = RegexSet::new(regexes);
            for (group, text) in exact {
                let matching = set.matching(text.as_bytes());
                pairs.extend(matching.into_iter().map(|regex| (group, regex_groups[regex])));
                if pairs.len() > PAIRS_MOST {
                    return None;
                }
            }
        }
        Self::of(groups, known.len(), pairs)
    }

    fn of_networks(asked: &[Option<&[IpNet]>]) -> Option<Self> {
        let mut known: HashMap<&[IpNet], usize> = HashMap::new();
        let mut groups = Vec::with_capacity(asked.len());
        for networks in asked {
            groups.push(networks.map(|networks| {
                let next = known.len();
                *known.entry(networks).or_insert(next)
            }));
        }
        let mut all: Vec<(IpNet, usize)> = known
            .iter()
            .flat_map(|(networks, group)| networks.iter().map(|network| (*network, *group)))
            .collect();
        // Two networks lie apart or one within the other, and the wider one of those comes first.
        sorted::by_key(&mut all, |(network, group)| (network.network(), network.prefix_len(), *group));
        let mut around: Vec<(IpNet, usize)> = Vec::new();
        let mut pairs = Vec::new();
        for (network, group) in all {
            let first: IpAddr = network.network();
            while around.last().is_some_and(|(wider, _)| !wider.contains(&first)) {
                around.pop();
            }
            pairs
                .extend(around.iter().filter(|(_, wider)| *wider != group).map(|(_, wider)| (*wider, group)));
            around.push((network, group));
            if pairs.len() > PAIRS_MOST {
                return None;
            }
        }
        let count = known.len();
        Self::of(groups, count, pairs)
    }

    /// None: it tells nobody apart.
    fn of(groups: Vec<Option<usize>>, count: usize, pairs: Vec<(usize, usize)>) -> Option<Self> {
        let mut near = vec![Vec::new(); count];
        for (one, other) in pairs {
            near[one].push(other);
            near[other].push(one);
        }
        for all in &mut near {
            all.sort_unstable();
            all.dedup();
        }
        (count > 1).then_some(Self { groups, near })
    }

    fn excludes(&self, first: usize, second: usize) -> bool {
        match (self.groups[first], self.groups[second]) {
            (Some(first), Some(second)) => {
                first != second && self.near[first].binary_search(&second).is_err()
            }
            (None, _) | (_, None) => false,
        }
    }
}

/// The first regex of their paths, the two names of which they ask the most different values, and their networks.
fn aspects(specs: &[RouteSpec], alike: &[usize]) -> Vec<Aspect> {
    let of_each = || alike.iter().map(|index| &specs[*index]);
    let mut values: HashMap<&Name, HashSet<(bool, &str)>> = HashMap::new();
    for (name, asked) in of_each().flat_map(|spec| spec.when.asked()) {
        values.entry(name).or_default().insert(asked.key());
    }
    let mut names: Vec<(usize, &Name)> = values.iter().map(|(name, asked)| (asked.len(), *name)).collect();
    sorted::by(&mut names, |left, right| right.cmp(left));
    let path = of_each().map(|spec| {
        spec.pattern.segments.iter().find_map(|segment| match segment {
            Segment::Matching { regex, .. } => Some(Asked::Matching(regex)),
            Segment::Literal(_) | Segment::Any { .. } => None,
        })
    });
    let path = Aspect::of_texts(&path.collect::<Vec<_>>(), Matter::Segment);
    let networks = Aspect::of_networks(&of_each().map(|spec| spec.when.networks()).collect::<Vec<_>>());
    let by_name = names.into_iter().take(2).filter_map(|(_, name)| {
        let asked: Vec<_> = of_each().map(|spec| asked_of(spec, name)).collect();
        Aspect::of_texts(&asked, Matter::Value)
    });
    path.into_iter().chain(networks).chain(by_name).collect()
}

fn asked_of<'s>(spec: &'s RouteSpec, name: &Name) -> Option<Asked<'s>> {
    spec.when.asked().find(|(own, _)| *own == name).map(|(_, asked)| asked)
}

#[cfg(test)]
mod tests {
    use super::super::tests::spec;
    use super::*;

    fn pairs(specs: &[RouteSpec]) -> Vec<(usize, usize)> {
        let alike: Vec<usize> = (0..specs.len()).collect();
        let mut rivals = Rivals::among(specs, &alike);
        let mut pairs = Vec::new();
        for at in alike.iter().copied() {
            pairs.extend(rivals.of(at).map(|first| (first, at)));
            rivals.admit(at);
        }
        pairs
    }

    #[test]
    fn of_a_thousand_routes_that_differ_in_one_thing_none_is_held_against_another() {
        let kinds: [fn(usize) -> String; 6] = [
            |one| format!("/ [h:tenant={one}]"),
            |one| format!("/ [h:tenant=~{one}x[0-9]+]"),
            |one| format!("/ [i=10.{}.{}.0/24]", one / 256, one % 256),
            |one| format!("/ [q:a={},h:tenant=~{one}x.*]", one % 7),
            |one| format!("/ [h:x{one}=1]!{one}"),
            |one| format!("/{{x:{one}x[0-9]+}}"),
        ];
        for kind in kinds {
            let specs: Vec<RouteSpec> = (0..1000).map(|one| spec(&kind(one))).collect();
            assert_eq!(pairs(&specs), [], "{}", kind(0));
        }
    }

    #[test]
    fn whoever_can_meet_is_held_against_each_other() {
        let met = [
            ("/ [h:a=1]", "/ [h:a=~[0-9]]"),
            ("/ [h:a=~1.*]", "/ [h:a=~.*2]"),
            ("/ [h:a=1]", "/ [h:b=1]"),
            ("/ [i=10.0.0.0/8]", "/ [i=10.1.0.0/16]"),
            ("/ [i=10.0.0.0/8,i=192.168.0.0/16]", "/ [i=192.168.1.0/24]"),
            ("/ [i=10.0.0.0/8,h:a=1]", "/ [i=10.1.0.0/16,h:a=1]!3"),
        ];
        for (first, second) in met {
            // Among others that tell everything apart.
            let mut specs: Vec<RouteSpec> =
                (0..20).map(|one| spec(&format!("/ [h:a=v{one},i=172.16.{one}.0/24]!9"))).collect();
            specs.extend([spec(first), spec(second)]);
            assert!(pairs(&specs).contains(&(20, 21)), "{first} {second}");
        }
    }
}
