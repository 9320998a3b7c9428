//! The arguments of a call: evaluated, then checked one by one.
//!
//! A text of digits is a number wherever a number is asked for: drivers send parameters as text. What is refused is 1210 with the
//! parameter's name and what it takes.

use crate::ast::Call;
use crate::authorization::Needs;
use crate::bind::Binder;
use crate::error::{Error, Result};
use crate::execute::procedure::registry::{SCHEMA, Signature, find};
use crate::execute::procedure::{NodeReference, Procedure};
use crate::execute::{Context, Interrupt, SubqueryCache};
use crate::limits::{CALL_ADDRESS_BYTES_MAX, CALL_GROUP_NODES_MAX, CALL_WAIT_SECONDS_MAX, CALL_WEIGHT_MAX};
use crate::plan::query::bind_without_tables;
use crate::types::Value;

/// Evaluates the arguments of a call, once the procedure is known to exist and their number is right: any expression of constants,
/// parameters, variables and functions.
///
/// # Errors
/// Those of [`find`], and of binding and evaluating; 1235 for subqueries that read tables and for SLEEP().
pub fn evaluate_arguments(call: &Call, ctx: &mut Context) -> Result<Vec<Value>> {
    find(call, ctx.session.database.as_deref())?;
    let needs = Needs::default();
    let binder = Binder::new(ctx.catalog, ctx.session, &needs);
    let expressions = bind_without_tables(&binder, &call.arguments)?;
    needs.take().check(ctx.session)?;
    if !binder.into_tables().is_empty() {
        return Err(Error::not_supported("tables in the arguments of CALL"));
    }
    if !needs.take_functions().is_empty() {
        return Err(Error::not_supported("stored functions in the arguments of CALL dbms_consensus"));
    }
    ctx.subqueries = SubqueryCache::default();
    ctx.outer_rows.clear();
    let mut values = Vec::with_capacity(expressions.len());
    for expression in &expressions {
        values.push(match expression.eval(&[], ctx) {
            Ok(value) => value,
            Err(Interrupt::Error(error)) => return Err(error),
            Err(Interrupt::Suspend(_)) => {
                return Err(Error::not_supported("SLEEP() in the arguments of CALL"));
            }
        });
    }
    Ok(values)
}

/// The procedure with these arguments, whose number is right.
pub(super) fn check(signature: &'static Signature, values: &[Value]) -> Result<Procedure> {
    let mut arguments = Arguments { signature, values, next: 0 };
    (signature.make)(&mut arguments)
}

/// The arguments that are not taken yet.
pub(super) struct Arguments<'a> {
    signature: &'static Signature,
    values: &'a [Value],
    /// How many are taken.
    next: usize,
}

/// What an argument is, as far as procedures tell values apart.
enum Given {
    /// NULL, or left out.
    Nothing,
    Number(u64),
    Text(String),
    /// Neither.
    Other,
}

impl Arguments<'_> {
    /// The next argument: a text of digits is a number.
    fn take(&mut self) -> Given {
        let value = self.values.get(self.next);
        self.next += 1;
        match value {
            None | Some(Value::Null) => Given::Nothing,
            Some(Value::UInt(number)) => Given::Number(*number),
            Some(Value::Int(number)) => u64::try_from(*number).map_or(Given::Other, Given::Number),
            Some(Value::Text(text) | Value::Blob(text)) => {
                let text = String::from_utf8_lossy(text);
                let text = text.trim();
                match text.parse() {
                    Ok(number) if text.bytes().all(|byte| byte.is_ascii_digit()) => Given::Number(number),
                    _ => Given::Text(text.to_owned()),
                }
            }
            Some(
                Value::Double(_)
                | Value::Decimal(_)
                | Value::Date(_)
                | Value::Time(_)
                | Value::DateTime(_)
                | Value::Json(_),
            ) => Given::Other,
        }
    }

    /// Error 1210 about the argument taken last.
    fn refused(&self, wanted: &str) -> Error {
        let parameter = self.next.checked_sub(1).and_then(|index| self.signature.parameters.get(index));
        let name = parameter.map_or("argument", |parameter| parameter.name);
        Error::wrong_arguments(format_args!("{SCHEMA}.{}: {name} must be {wanted}", self.signature.name))
    }

    pub(super) fn optional_node(&mut self) -> Result<Option<NodeReference>> {
        const WANTED: &str = "a node's id, or its address as 'host:port'";
        match self.take() {
            Given::Nothing => Ok(None),
            Given::Number(id) if id > 0 => Ok(Some(NodeReference::Id(id))),
            Given::Text(text) if is_address(&text) => Ok(Some(NodeReference::Address(text))),
            Given::Number(_) | Given::Text(_) | Given::Other => Err(self.refused(WANTED)),
        }
    }

    pub(super) fn node(&mut self) -> Result<NodeReference> {
        match self.optional_node()? {
            Some(node) => Ok(node),
            None => Err(self.refused("a node's id, or its address as 'host:port', not NULL")),
        }
    }

    /// A learner's source: NULL, 0 and the empty text (X-Cluster's ways to say so) are the leader.
    pub(super) fn source(&mut self) -> Result<Option<NodeReference>> {
        let is_leader = match self.values.get(self.next) {
            Some(Value::Int(0) | Value::UInt(0)) => true,
            Some(Value::Text(text) | Value::Blob(text)) => matches!(text.as_ref(), b"" | b"0"),
            _ => false,
        };
        if is_leader {
            self.next += 1;
            return Ok(None);
        }
        self.optional_node()
    }

    /// Nodes in one text. A bare number is X-Cluster's `use_applied`.
    pub(super) fn group(&mut self) -> Result<Vec<NodeReference>> {
        const WANTED: &str = "a text of ids and addresses separated by commas, each once";
        let text = match self.values.get(self.next) {
            Some(Value::Text(text) | Value::Blob(text)) => String::from_utf8_lossy(text).into_owned(),
            None | Some(Value::Null | Value::Int(0) | Value::UInt(0)) => String::new(),
            Some(Value::Int(1) | Value::UInt(1)) => {
                return Err(Error::not_supported(
                    "use_applied of dbms_consensus.configure_learner; a source sends what is committed",
                ));
            }
            Some(_) => {
                self.next += 1;
                return Err(self.refused(WANTED));
            }
        };
        self.next += 1;
        let mut group = Vec::new();
        for name in text.split(',').map(str::trim).filter(|_| !text.trim().is_empty()) {
            let node = match name.parse::<u64>() {
                Ok(id) if id > 0 => NodeReference::Id(id),
                _ if is_address(name) => NodeReference::Address(name.to_owned()),
                _ => return Err(self.refused(WANTED)),
            };
            if group.contains(&node) || group.len() == CALL_GROUP_NODES_MAX {
                return Err(self.refused(WANTED));
            }
            group.push(node);
        }
        Ok(group)
    }

    fn optional_address(&mut self) -> Result<Option<String>> {
        match self.take() {
            Given::Nothing => Ok(None),
            Given::Text(text) if is_address(&text) => Ok(Some(text)),
            Given::Number(_) | Given::Text(_) | Given::Other => {
                Err(self.refused("an address as 'host:port'"))
            }
        }
    }

    pub(super) fn address(&mut self) -> Result<String> {
        match self.optional_address()? {
            Some(address) => Ok(address),
            None => Err(self.refused("an address as 'host:port', not NULL")),
        }
    }

    /// Peer address, client address and id of a new member.
    pub(super) fn new_member(&mut self) -> Result<(String, Option<String>, Option<u64>)> {
        let peer_address = self.address()?;
        let sql_address = self.optional_address()?;
        let node_id = match self.take() {
            Given::Nothing => None,
            Given::Number(id) if id > 0 => Some(id),
            Given::Number(_) | Given::Text(_) | Given::Other => {
                return Err(self.refused("a number above 0"));
            }
        };
        Ok((peer_address, sql_address, node_id))
    }

    pub(super) fn weight(&mut self) -> Result<u8> {
        match self.take() {
            Given::Number(number) if number <= u64::from(CALL_WEIGHT_MAX) => {
                Ok(u8::try_from(number).unwrap_or(CALL_WEIGHT_MAX))
            }
            Given::Nothing | Given::Number(_) | Given::Text(_) | Given::Other => {
                Err(self.refused(&format!("a number from 0 to {CALL_WEIGHT_MAX}")))
            }
        }
    }

    pub(super) fn optional_truth(&mut self) -> Result<Option<bool>> {
        match self.take() {
            Given::Nothing => Ok(None),
            Given::Number(0) => Ok(Some(false)),
            Given::Number(1) => Ok(Some(true)),
            Given::Number(_) | Given::Text(_) | Given::Other => Err(self.refused("TRUE or FALSE")),
        }
    }

    pub(super) fn index(&mut self) -> Result<u64> {
        match self.take() {
            Given::Number(index) => Ok(index),
            Given::Nothing | Given::Text(_) | Given::Other => Err(self.refused("a log index")),
        }
    }

    pub(super) fn seconds(&mut self) -> Result<u64> {
        match self.take() {
            Given::Number(seconds) if seconds <= CALL_WAIT_SECONDS_MAX => Ok(seconds),
            Given::Nothing | Given::Number(_) | Given::Text(_) | Given::Other => {
                Err(self.refused(&format!("whole seconds from 0 to {CALL_WAIT_SECONDS_MAX}")))
            }
        }
    }
}

/// Whether a text is `host:port`: a name, an IPv4 address, or an IPv6 address in brackets, and a port. So there is never a quote, a
/// comma or a blank in an address.
fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let is_host = match host.strip_prefix('[') {
        Some(inner) => {
            inner.strip_suffix(']').is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
        }
        None => {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        }
    };
    let is_port =
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    is_host && is_port && text.len() <= CALL_ADDRESS_BYTES_MAX
}
