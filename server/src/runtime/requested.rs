//! What a client's handshake response asks of its session, besides who it is.

use std::sync::Arc;

use sql::session::SessionState;
use sql::types::Value;
use wire::mysql::constant::Capabilities;
use wire::mysql::handshake::HandshakeResponse;

use crate::node::Node;
use crate::node::process::Connection;

/// Connection attribute of drivers that want to be told of the topology.
const TOPOLOGY_ATTRIBUTE: &[u8] = b"_quorate_topology";

/// Clients that a person sits at have an idle time of their own, `interactive_timeout`, as their `wait_timeout`.
pub fn set_idle_time(node: &Node, capabilities: Capabilities, state: &mut SessionState) {
    if capabilities.contains(Capabilities::INTERACTIVE) {
        state.variables.wait_timeout = node.interactive_timeout_seconds();
    }
}

/// Brings what the response says to the new session.
pub fn apply(
    node: &Arc<Node>,
    response: &HandshakeResponse<'_>,
    state: &mut SessionState,
    process: &Arc<Connection>,
) {
    let has = |flag| response.capabilities.contains(flag);
    process.keep_attributes(response.attributes);
    state.client_takes_no_metadata = has(Capabilities::OPTIONAL_RESULTSET_METADATA);
    set_idle_time(node, response.capabilities, state);
    if has(Capabilities::SESSION_TRACK) {
        if response.attributes.get(TOPOLOGY_ATTRIBUTE) == Some(b"1") {
            // There is such a variable, and it takes this value.
            let on = Some(Value::Int(1));
            let _ = sql::variables::set_session(state, &**node, "quorate_track_topology", on);
        }
        state.tracked = Some(Box::default());
    }
}
