//! What a play folder holds: which nodes, where, in which regions and with which roles; kept in `play.json`.
//!
//! Invariant: once written, ids, ports, roles and regions never change, because the nodes' own folders were made with them. Only the
//! delay may be another one at each start.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::relay::Route;

/// Most nodes that may be started on one machine.
pub(super) const NODES_MAX: u16 = 9;
/// Nodes of a cluster that nobody chose a size for.
const NODES_DEFAULT: u16 = 3;
/// One-way delay between regions that nobody chose, in milliseconds: about 3,000 km of fibre.
pub(super) const DELAY_MS_DEFAULT: u32 = 15;
/// Longest one-way delay: the nodes' timeouts are made for a LAN, and must stay well above a round trip.
pub(super) const DELAY_MS_MAX: u32 = 100;
/// The nodes' ports for each other are this much above those for clients.
const PEER_PORT_OFFSET: u16 = 100;
/// Ranges of ports that are tried.
const PORT_RANGES_MAX: u16 = 50;
/// The name of the file.
pub(super) const FILE_NAME: &str = "play.json";

/// A deployment with roles and regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LayoutName {
    /// Two nodes with the data and one with the log alone, in one city
    SameCity,
    /// Four nodes with the data and one with the log alone, in three regions with a delay between them
    ThreeRegion,
}

impl std::fmt::Display for LayoutName {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            LayoutName::SameCity => "same-city",
            LayoutName::ThreeRegion => "three-region",
        })
    }
}

/// What a node of a layout is, before it has an address.
struct Place {
    region: Option<&'static str>,
    weight: u8,
    is_log_only: bool,
}

const fn data(region: Option<&'static str>, weight: u8) -> Place {
    Place { region, weight, is_log_only: false }
}

const fn log(region: Option<&'static str>) -> Place {
    Place { region, weight: 1, is_log_only: true }
}

/// The first of the two leads while it can.
const SAME_CITY: [Place; 3] = [data(None, 9), data(None, 5), log(None)];
/// No region has a majority: any one may go. Region A leads while it can, then B.
const THREE_REGION: [Place; 5] =
    [data(Some("A"), 9), data(Some("A"), 8), data(Some("B"), 5), data(Some("B"), 4), log(Some("C"))];

impl LayoutName {
    fn places(self) -> &'static [Place] {
        match self {
            LayoutName::SameCity => &SAME_CITY,
            LayoutName::ThreeRegion => &THREE_REGION,
        }
    }

    /// What may be lost without the cluster stopping, in words.
    pub(super) fn survives(self) -> &'static str {
        match self {
            LayoutName::SameCity => "any one node; the data is on n1 and n2, n3 keeps the log alone",
            LayoutName::ThreeRegion => {
                "any one region, or any two nodes; the data is in regions A and B, C keeps the log alone"
            }
        }
    }
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlayNode {
    pub(super) id: u64,
    /// `host:port` for other nodes: where it listens, and how nodes of its own region reach it.
    pub(super) peer_address: String,
    /// `host:port` for clients.
    pub(super) sql_address: String,
    /// Where it is; nodes of one region reach each other without delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<String>,
    /// Election weight; none: the server's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) weight: Option<u8>,
    /// Keeps the log and no tables.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_log_only: bool,
}

impl PlayNode {
    /// As `quorate start --peers` takes it.
    pub(super) fn as_flag(&self) -> String {
        let mut flag = format!("{}={}/{}", self.id, self.peer_address, self.sql_address);
        if self.is_log_only {
            flag.push_str(";log-only");
        }
        if let Some(weight) = self.weight {
            flag.push_str(&format!(";weight={weight}"));
        }
        flag
    }
}

/// `play.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Layout {
    pub(super) cluster_name: String,
    /// None: equal nodes in one place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) layout: Option<LayoutName>,
    /// One-way delay between regions, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) delay_ms: Option<u32>,
    #[serde(rename = "peers")]
    pub(super) nodes: Vec<PlayNode>,
}

/// What was asked for on the command line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    pub(super) nodes: Option<u16>,
    pub(super) layout: Option<LayoutName>,
    pub(super) delay_ms: Option<u32>,
    /// First client port tried.
    pub(super) port: u16,
}

impl Layout {
    /// The cluster that the folder holds, or a new one on free ports.
    pub(super) fn load_or_create(folder: &Path, wanted: Wanted) -> Result<Layout, String> {
        let path = folder.join(FILE_NAME);
        match std::fs::read(&path) {
            Ok(bytes) => {
                let mut layout: Layout = serde_json::from_slice(&bytes)
                    .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
                layout.check_same(folder, wanted)?;
                for node in &layout.nodes {
                    check_free(node, folder)?;
                }
                if wanted.delay_ms.is_some() {
                    layout.delay_ms = wanted.delay_ms;
                    layout.write(&path)?;
                }
                Ok(layout)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let layout = Layout::create(wanted, is_free)?;
                layout.write(&path)?;
                Ok(layout)
            }
            Err(error) => Err(format!("cannot read {}: {error}", path.display())),
        }
    }

    /// Whether the folder holds what was asked for, as far as anything was.
    fn check_same(&self, folder: &Path, wanted: Wanted) -> Result<(), String> {
        let count = self.nodes.len();
        let shown = folder.display();
        if wanted.nodes.is_some_and(|nodes| usize::from(nodes) != count) {
            return Err(format!(
                "{shown} holds a cluster of {count} nodes; leave --nodes out, or name another folder with --data"
            ));
        }
        if wanted.layout.is_some() && wanted.layout != self.layout {
            let held = match self.layout {
                Some(layout) => format!("a cluster of the layout {layout}"),
                None => format!("a cluster of {count} equal nodes"),
            };
            return Err(format!(
                "{shown} holds {held}; leave --layout out, or name another folder with --data"
            ));
        }
        if wanted.delay_ms.is_some() && !self.has_regions() {
            return Err(format!(
                "--delay-ms is the delay between regions, and the cluster in {shown} has none"
            ));
        }
        Ok(())
    }

    /// A new cluster, on ports that `is_free` says are free.
    fn create(wanted: Wanted, is_free: impl Fn(u16) -> bool) -> Result<Layout, String> {
        let count = match wanted.layout {
            Some(layout) => layout.places().len() as u16,
            None => wanted.nodes.unwrap_or(NODES_DEFAULT),
        };
        if count == 0 || count > NODES_MAX {
            return Err(format!("--nodes is {count}; it must be from 1 to {NODES_MAX}"));
        }
        let first = (0..PORT_RANGES_MAX)
            .filter_map(|attempt| wanted.port.checked_add(attempt * 2 * PEER_PORT_OFFSET))
            .filter(|first| first.checked_add(count + PEER_PORT_OFFSET).is_some())
            .find(|first| {
                (0..count).all(|node| is_free(first + node) && is_free(first + node + PEER_PORT_OFFSET))
            })
            .ok_or_else(|| {
                format!("no {count} free ports from {} on; name others with --port", wanted.port)
            })?;
        let node = |position: u16| {
            let place = wanted.layout.map(|layout| &layout.places()[usize::from(position)]);
            PlayNode {
                id: u64::from(position) + 1,
                peer_address: format!("127.0.0.1:{}", first + position + PEER_PORT_OFFSET),
                sql_address: format!("127.0.0.1:{}", first + position),
                region: place.and_then(|place| place.region).map(str::to_owned),
                weight: place.map(|place| place.weight),
                is_log_only: place.is_some_and(|place| place.is_log_only),
            }
        };
        let mut layout = Layout {
            cluster_name: format!("play-{:016x}", rand::random::<u64>()),
            layout: wanted.layout,
            delay_ms: None,
            nodes: (0..count).map(node).collect(),
        };
        if layout.has_regions() {
            layout.delay_ms = Some(wanted.delay_ms.unwrap_or(DELAY_MS_DEFAULT));
        } else if wanted.delay_ms.is_some() {
            return Err("--delay-ms is the delay between regions; it goes with --layout three-region".into());
        }
        Ok(layout)
    }

    fn write(&self, path: &Path) -> Result<(), String> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| error.to_string())?;
        // Renamed into place: a start that is interrupted leaves the old file or the new one.
        let unfinished = path.with_extension("new");
        std::fs::write(&unfinished, text)
            .and_then(|()| std::fs::rename(&unfinished, path))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    /// Whether the nodes are in different places.
    pub(super) fn has_regions(&self) -> bool {
        self.nodes.iter().any(|node| node.region != self.nodes[0].region)
    }

    /// The regions, in their order; empty when there are none.
    pub(super) fn regions(&self) -> Vec<&str> {
        let mut regions: Vec<&str> = self.nodes.iter().filter_map(|node| node.region.as_deref()).collect();
        regions.dedup();
        regions
    }

    /// The ordered pairs of nodes in different regions, `(from, to)`, and the way from one to the other.
    pub(super) fn routes(&self) -> Vec<((u64, u64), Route)> {
        let delay = Duration::from_millis(u64::from(self.delay_ms.unwrap_or(0)));
        if delay.is_zero() {
            return Vec::new();
        }
        let pairs = self.nodes.iter().flat_map(|from| self.nodes.iter().map(move |to| (from, to)));
        pairs
            .filter(|(from, to)| from.region != to.region)
            .map(|(from, to)| ((from.id, to.id), Route { target: to.peer_address.clone(), delay }))
            .collect()
    }

    /// The node that leads while it can, where the weights say so.
    pub(super) fn preferred_leader(&self) -> Option<&PlayNode> {
        let candidates = self.nodes.iter().filter(|node| !node.is_log_only && node.weight.is_some());
        candidates.max_by_key(|node| node.weight)
    }

    /// Client addresses, separated by commas, as `--nodes` takes them.
    pub(super) fn client_addresses(&self) -> String {
        self.nodes.iter().map(|node| node.sql_address.clone()).collect::<Vec<_>>().join(",")
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

fn check_free(node: &PlayNode, folder: &Path) -> Result<(), String> {
    for address in [&node.sql_address, &node.peer_address] {
        if let Err(error) = TcpListener::bind(address) {
            return Err(format!(
                "cannot use {address} ({error}): is this cluster running already? Stop it, or start another one with \
                 --data (this one is in {})",
                folder.display()
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(layout: Option<LayoutName>) -> Wanted {
        Wanted { layout, port: 5001, ..Wanted::default() }
    }

    fn created(layout: LayoutName) -> Layout {
        Layout::create(wanted(Some(layout)), |_| true).unwrap()
    }

    #[test]
    fn no_region_and_no_node_of_a_layout_has_the_majority() {
        for name in [LayoutName::SameCity, LayoutName::ThreeRegion] {
            let layout = created(name);
            let majority = layout.nodes.len() / 2 + 1;
            for region in layout.regions() {
                let others = layout.nodes.iter().filter(|node| node.region.as_deref() != Some(region));
                assert!(others.count() >= majority, "{name} stops without region {region}");
            }
            let data = layout.nodes.iter().filter(|node| !node.is_log_only).count();
            assert_eq!(layout.nodes.len() - data, 1, "{name} has one log-only node");
            assert!(data >= 2, "{name} has the data twice");
        }
    }

    #[test]
    fn region_a_leads_first() {
        let layout = created(LayoutName::ThreeRegion);
        assert_eq!(layout.preferred_leader().map(|node| (node.id, node.weight)), Some((1, Some(9))));
        assert_eq!(layout.nodes[0].region.as_deref(), Some("A"));
        assert_eq!(Layout::create(wanted(None), |_| true).unwrap().preferred_leader(), None);
    }

    #[test]
    fn flags_of_founding_members() {
        let layout = created(LayoutName::SameCity);
        assert_eq!(layout.nodes[0].as_flag(), "1=127.0.0.1:5101/127.0.0.1:5001;weight=9");
        assert_eq!(layout.nodes[2].as_flag(), "3=127.0.0.1:5103/127.0.0.1:5003;log-only;weight=1");
        let plain = Layout::create(wanted(None), |_| true).unwrap();
        assert_eq!(plain.nodes[1].as_flag(), "2=127.0.0.1:5102/127.0.0.1:5002");
    }

    #[test]
    fn only_nodes_of_different_regions_have_a_relay_between_them() {
        let routes = created(LayoutName::ThreeRegion).routes();
        // 2 × 2 × 2 between A and B, 2 × 2 between A and C, the same between B and C.
        assert_eq!(routes.len(), 16);
        let between = |from, to| routes.iter().find(|(pair, _)| *pair == (from, to)).map(|(_, route)| route);
        assert_eq!(between(1, 2), None);
        let route = between(4, 1).unwrap();
        assert_eq!((route.target.as_str(), route.delay), ("127.0.0.1:5101", Duration::from_millis(15)));
        assert_eq!(created(LayoutName::SameCity).routes().len(), 0);
        let near = Layout { delay_ms: Some(0), ..created(LayoutName::ThreeRegion) };
        assert_eq!(near.routes().len(), 0, "no delay needs no relay");
    }

    #[test]
    fn taken_ports_are_passed_over() {
        let layout = Layout::create(wanted(None), |port| port > 5103).unwrap();
        assert_eq!(layout.nodes[0].sql_address, "127.0.0.1:5201");
        let error = Layout::create(wanted(None), |_| false).unwrap_err();
        assert!(error.contains("--port"), "{error}");
        let high = Wanted { port: 65_500, ..wanted(None) };
        assert!(Layout::create(high, |_| true).is_err(), "the ports would pass 65535");
    }

    #[test]
    fn a_folder_keeps_its_layout() {
        let folder = tempfile::tempdir().unwrap();
        let port = rand::random_range(15_000..28_000);
        let first = Wanted { layout: Some(LayoutName::ThreeRegion), port, ..Wanted::default() };
        let made = Layout::load_or_create(folder.path(), first).unwrap();
        assert_eq!(Layout::load_or_create(folder.path(), first).unwrap(), made);
        assert_eq!(Layout::load_or_create(folder.path(), Wanted::default()).unwrap(), made);
        let other = Wanted { layout: Some(LayoutName::SameCity), ..first };
        let error = Layout::load_or_create(folder.path(), other).unwrap_err();
        assert!(error.contains("of the layout three-region"), "{error}");
        let count = Wanted { nodes: Some(3), ..Wanted::default() };
        assert!(Layout::load_or_create(folder.path(), count).unwrap_err().contains("of 5 nodes"));
        let slower = Wanted { delay_ms: Some(30), ..Wanted::default() };
        assert_eq!(Layout::load_or_create(folder.path(), slower).unwrap().delay_ms, Some(30));
        assert_eq!(Layout::load_or_create(folder.path(), Wanted::default()).unwrap().delay_ms, Some(30));
    }

    #[test]
    fn a_delay_without_regions_is_refused() {
        let near = Wanted { delay_ms: Some(5), ..wanted(Some(LayoutName::SameCity)) };
        assert!(Layout::create(near, |_| true).unwrap_err().contains("three-region"));
    }

    #[test]
    fn the_file_of_an_earlier_version_is_read() {
        let text = r#"{"cluster_name": "play-1", "peers": [
            {"id": 1, "peer_address": "127.0.0.1:4101", "sql_address": "127.0.0.1:4001"}]}"#;
        let layout: Layout = serde_json::from_str(text).unwrap();
        assert_eq!((layout.layout, layout.nodes[0].weight, layout.has_regions()), (None, None, false));
    }
}
