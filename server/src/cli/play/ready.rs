//! What `quorate play` says when the cluster serves.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use super::layout::{Layout, PlayNode};

/// Prints it.
pub(super) fn print(layout: &Layout, leader: &str, folder: &Path, took: Duration) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(message(layout, leader, folder, took).as_bytes())?;
    out.flush()
}

/// Everything a newcomer needs to go on, to paste.
fn message(layout: &Layout, leader: &str, folder: &Path, took: Duration) -> String {
    let port = leader.rsplit(':').next().unwrap_or_default();
    let shown = folder.display();
    let mut text = headline(layout, leader, took);
    text.push_str(&format!("\n  Connect   mysql -h127.0.0.1 -P{port} -uroot\n"));
    text.push_str(&format!(
        "  Load      mysql -h127.0.0.1 -P{port} -uroot -e 'CREATE DATABASE IF NOT EXISTS sbtest' && \\\n            \
         for do in prepare run; do sysbench oltp_read_write --mysql-host=127.0.0.1 --mysql-port={port} \
         --mysql-user=root --tables=4 --table-size=10000 --threads=16 --time=10 $do; done\n"
    ));
    text.push_str(&format!("  Status    quorate status --nodes {}\n", layout.client_addresses()));
    text.push_str(&format!("  Members   quorate member list --nodes {}\n", layout.client_addresses()));
    places(layout, &mut text);
    text.push_str(&format!("  Data      {shown} (kept; the same command resumes it)\n"));
    text.push_str("  Stop      Ctrl-C\n");
    text.push_str(&format!("  Remove    rm -r {shown}\n"));
    text
}

fn headline(layout: &Layout, leader: &str, took: Duration) -> String {
    let leader_id = layout.nodes.iter().find(|node| node.sql_address == leader).map_or(0, |node| node.id);
    let count = layout.nodes.len();
    let survives = (count - 1) / 2;
    let failures = if survives == 1 { "failure" } else { "failures" };
    let log_only = layout.nodes.iter().filter(|node| node.is_log_only).count();
    let mut kinds = String::new();
    if log_only > 0 {
        kinds.push_str(&format!(" ({} data, {log_only} log-only)", count - log_only));
    }
    if layout.has_regions() {
        kinds.push_str(&format!(" in {} regions", layout.regions().len()));
    }
    format!(
        "quorate play is ready: {count} voters{kinds}, leader n{leader_id}, survives {survives} {failures} ({:.1} s)\n",
        took.as_secs_f64()
    )
}

/// Where the nodes are, and what may be lost.
fn places(layout: &Layout, text: &mut String) {
    let described =
        |nodes: &mut dyn Iterator<Item = &PlayNode>| nodes.map(describe).collect::<Vec<_>>().join(", ");
    if layout.has_regions() {
        let delay_ms = layout.delay_ms.unwrap_or(0);
        text.push_str(&format!(
            "  Regions   {delay_ms} ms one way between them, by relays in this process; weights say who leads first\n"
        ));
        for region in layout.regions() {
            let mut nodes = layout.nodes.iter().filter(|node| node.region.as_deref() == Some(region));
            text.push_str(&format!("            {region}: {}\n", described(&mut nodes)));
        }
        text.push_str("            (logs beside the data: n1.log …)\n");
    } else {
        let nodes = described(&mut layout.nodes.iter());
        text.push_str(&format!("  Nodes     {nodes} (logs beside the data: n1.log …)\n"));
    }
    if let Some(name) = layout.layout {
        text.push_str(&format!("  Survives  {}\n", name.survives()));
    }
}

fn describe(node: &PlayNode) -> String {
    let mut text = format!("n{} {}", node.id, node.sql_address);
    if let Some(weight) = node.weight {
        text.push_str(&format!(" weight {weight}"));
    }
    if node.is_log_only {
        text.push_str(" log-only");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::layout::LayoutName;
    use super::*;

    fn node(id: u64, region: Option<&str>, weight: Option<u8>, is_log_only: bool) -> PlayNode {
        PlayNode {
            id,
            peer_address: format!("127.0.0.1:{}", 4100 + id),
            sql_address: format!("127.0.0.1:{}", 4000 + id),
            region: region.map(str::to_owned),
            weight,
            is_log_only,
        }
    }

    fn said(name: Option<LayoutName>, nodes: Vec<PlayNode>) -> String {
        let layout = Layout { cluster_name: "c".into(), layout: name, delay_ms: Some(15), nodes };
        message(&layout, "127.0.0.1:4001", Path::new("/d"), Duration::from_millis(1_240))
    }

    #[test]
    fn equal_nodes() {
        let text = said(None, (1..=3).map(|id| node(id, None, None, false)).collect());
        assert!(
            text.starts_with("quorate play is ready: 3 voters, leader n1, survives 1 failure (1.2 s)\n\n  Connect   mysql -h127.0.0.1 -P4001 -uroot\n"),
            "{text}"
        );
        assert!(
            text.contains("\n  Nodes     n1 127.0.0.1:4001, n2 127.0.0.1:4002, n3 127.0.0.1:4003 (logs"),
            "{text}"
        );
        assert!(!text.contains("Survives") && text.ends_with("  Remove    rm -r /d\n"), "{text}");
    }

    #[test]
    fn regions_roles_weights_and_what_they_are_good_for() {
        let nodes = vec![
            node(1, Some("A"), Some(9), false),
            node(2, Some("A"), Some(8), false),
            node(3, Some("B"), Some(5), false),
            node(4, Some("B"), Some(4), false),
            node(5, Some("C"), Some(1), true),
        ];
        let text = said(Some(LayoutName::ThreeRegion), nodes);
        let expected = "5 voters (4 data, 1 log-only) in 3 regions, leader n1, survives 2 failures";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("Regions   15 ms one way between them"), "{text}");
        assert!(
            text.contains("\n            A: n1 127.0.0.1:4001 weight 9, n2 127.0.0.1:4002 weight 8\n"),
            "{text}"
        );
        assert!(text.contains("\n            C: n5 127.0.0.1:4005 weight 1 log-only\n"), "{text}");
        assert!(text.contains("\n  Survives  any one region, or any two nodes;"), "{text}");
    }
}
