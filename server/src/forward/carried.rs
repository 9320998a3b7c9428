//! What of a session goes with a statement to the leader, and comes back.
//!
//! Everything that a statement can read or change of its session: who the client is (the leader judges privileges by its own accounts), the
//! current database, variables of both kinds, diagnostics and counters. Left out: what no forwarded statement can use (prepared
//! statements by name, locks of tables, user locks).

use bincode::{Decode, Encode};
use sql::account::AccountId;
use sql::gtid::Gtid;
use sql::session::{SessionState, Warning, WarningLevel};
use sql::types::{Date, DateTime, Decimal, Time, Value};
use sql::variables::Isolation;

use crate::node::session::{NextTransaction, Session};

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub struct Carried {
    user: String,
    host: String,
    /// The account that the client was logged in as, user and host: by what is granted to it here the leader judges.
    account: (String, String),
    /// The active roles, likewise.
    roles: Vec<(String, String)>,
    connection_id: u64,
    database: Option<String>,
    client_found_rows: bool,
    variables: Vec<(String, Cell)>,
    user_variables: Vec<(String, Cell)>,
    warnings: Vec<(u8, u16, String)>,
    warning_count: u64,
    last_insert_id: u64,
    row_count: i64,
    found_rows: u64,
    /// UUID, term, index.
    last_gtid: Option<(u128, Option<u64>, u64)>,
    next_isolation: Option<u8>,
    next_read_only: Option<bool>,
}

/// A value on its way.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Cell {
    /// NULL.
    Null,
    /// Signed.
    Int(i64),
    /// Unsigned.
    UInt(u64),
    /// Bits of a double.
    Double(u64),
    /// Unscaled bytes and scale.
    Decimal(Vec<u8>, u8),
    /// UTF-8.
    Text(Vec<u8>),
    /// Bytes.
    Blob(Vec<u8>),
    /// Packed.
    Date(u32),
    /// Microseconds.
    Time(i64),
    /// Packed.
    DateTime(u64),
    /// A stored JSON document.
    Json(Vec<u8>),
}

impl From<&Value> for Cell {
    fn from(value: &Value) -> Cell {
        match value {
            Value::Null => Cell::Null,
            Value::Int(value) => Cell::Int(*value),
            Value::UInt(value) => Cell::UInt(*value),
            Value::Double(value) => Cell::Double(value.to_bits()),
            Value::Decimal(value) => Cell::Decimal(value.unscaled_bytes(), value.scale()),
            Value::Text(text) => Cell::Text(text.to_vec()),
            Value::Blob(bytes) => Cell::Blob(bytes.to_vec()),
            Value::Date(date) => Cell::Date(date.packed()),
            Value::Time(time) => Cell::Time(time.microseconds()),
            Value::DateTime(value) => Cell::DateTime(value.packed()),
            Value::Json(document) => Cell::Json(document.to_vec()),
        }
    }
}

impl Cell {
    /// The value; none when it is none of MySQL's.
    #[must_use]
    pub fn into_value(self) -> Option<Value> {
        Some(match self {
            Cell::Null => Value::Null,
            Cell::Int(value) => Value::Int(value),
            Cell::UInt(value) => Value::UInt(value),
            Cell::Double(bits) => Value::Double(f64::from_bits(bits)),
            Cell::Decimal(unscaled, scale) => Value::Decimal(Decimal::from_unscaled_bytes(&unscaled, scale)?),
            Cell::Text(text) => Value::Text(String::from_utf8(text).ok()?.into()),
            Cell::Blob(bytes) => Value::Blob(bytes.into()),
            Cell::Date(packed) => Value::Date(Date::from_packed(packed)?),
            Cell::Time(microseconds) => Value::Time(Time::from_microseconds(microseconds)?),
            Cell::DateTime(packed) => Value::DateTime(DateTime::from_packed(packed)?),
            Cell::Json(document) => {
                sql::json::view::check(&document).ok()?;
                Value::Json(document.into())
            }
        })
    }
}

/// All values; none when one of them is none.
#[must_use]
pub fn values(cells: Vec<Cell>) -> Option<Vec<Value>> {
    cells.into_iter().map(Cell::into_value).collect()
}

const LEVELS: [WarningLevel; 3] = [WarningLevel::Note, WarningLevel::Warning, WarningLevel::Error];
const ISOLATIONS: [Isolation; 3] =
    [Isolation::ReadCommitted, Isolation::RepeatableRead, Isolation::Serializable];

fn place<T: PartialEq>(of: &T, all: &[T]) -> u8 {
    all.iter().position(|other| other == of).unwrap_or(0) as u8
}

impl Carried {
    /// What of `session` goes to the other node.
    #[must_use]
    pub fn of(session: &Session) -> Carried {
        let state = &session.state;
        let named = |(name, value): (&str, &Value)| (name.to_owned(), Cell::from(value));
        let variables = sql::variables::carried(state);
        Carried {
            user: state.user.clone(),
            host: state.host.clone(),
            account: names(&state.account),
            roles: state.active_roles.iter().map(names).collect(),
            connection_id: state.connection_id,
            database: state.database.clone(),
            client_found_rows: state.client_found_rows,
            variables: variables.iter().map(|(name, value)| named((name, value))).collect(),
            user_variables: state.user_variables.iter().map(|(name, value)| named((name, value))).collect(),
            warnings: state.warnings.iter().map(carried_warning).collect(),
            warning_count: state.warning_count,
            last_insert_id: state.last_insert_id,
            row_count: state.row_count,
            found_rows: state.found_rows,
            last_gtid: state.last_gtid.map(|gtid| (gtid.uuid, gtid.term, gtid.index)),
            next_isolation: session.next.isolation.map(|level| place(&level, &ISOLATIONS)),
            next_read_only: session.next.read_only,
        }
    }

    /// Makes `session` what was carried here; false when that makes no sense, and the session is to be given up.
    #[must_use]
    pub fn restore(self, session: &mut Session) -> bool {
        let next = NextTransaction {
            isolation: self.next_isolation.and_then(|place| ISOLATIONS.get(usize::from(place)).copied()),
            read_only: self.next_read_only,
        };
        if self.restore_state(&mut session.state).is_none() {
            return false;
        }
        session.next = next;
        true
    }

    fn restore_state(self, state: &mut SessionState) -> Option<()> {
        let value = |(name, cell): (String, Cell)| Some((name, cell.into_value()?));
        let variables: Vec<(String, Value)> = self.variables.into_iter().map(value).collect::<Option<_>>()?;
        let user_variables = self.user_variables.into_iter().map(value).collect::<Option<_>>()?;
        let warnings = self.warnings.into_iter().map(warning).collect::<Option<_>>()?;
        sql::variables::restore(state, variables.iter().map(|(name, value)| (name.as_str(), value.clone())));
        state.user = self.user;
        state.host = self.host;
        state.account = account(self.account);
        state.active_roles = self.roles.into_iter().map(account).collect();
        state.connection_id = self.connection_id;
        state.database = self.database;
        state.client_found_rows = self.client_found_rows;
        state.user_variables = user_variables;
        state.warnings = warnings;
        state.warning_count = self.warning_count;
        state.last_insert_id = self.last_insert_id;
        state.row_count = self.row_count;
        state.found_rows = self.found_rows;
        state.last_gtid = self.last_gtid.map(|(uuid, term, index)| Gtid { uuid, term, index });
        Some(())
    }

    /// Who the client is, for the list of processes.
    #[must_use]
    pub fn client(&self) -> (&str, Option<&str>) {
        (&self.user, self.database.as_deref())
    }
}

fn names(account: &AccountId) -> (String, String) {
    (account.user.clone(), account.host.clone())
}

fn account((user, host): (String, String)) -> AccountId {
    AccountId { user, host }
}

fn carried_warning(warning: &Warning) -> (u8, u16, String) {
    (place(&warning.level, &LEVELS), warning.code, warning.message.clone())
}

fn warning((level, code, message): (u8, u16, String)) -> Option<Warning> {
    Some(Warning { level: *LEVELS.get(usize::from(level))?, code, message, state: None, items: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_kind_arrive_as_they_are() {
        let decimal = |text: &[u8]| Value::Decimal(Decimal::parse_prefix(text).unwrap().0);
        let date = Date::new(2026, 11, 22).unwrap();
        for value in [
            Value::Null,
            Value::Int(i64::MIN),
            Value::UInt(u64::MAX),
            Value::Double(-0.5),
            decimal(b"-12345678901234567890123456789.012345678901234567890123456789"),
            decimal(b"0.10"),
            Value::Text("grüße".into()),
            Value::Blob(vec![0, 255].into()),
            Value::Date(date),
            Value::Time(Time::from_microseconds(-3_600_000_001).unwrap()),
            Value::DateTime(DateTime::from_parts(date, 23, 59, 59, 999_999).unwrap()),
        ] {
            let arrived = Cell::from(&value).into_value().unwrap();
            assert_eq!(arrived, value);
            if let (Value::Decimal(arrived), Value::Decimal(sent)) = (&arrived, &value) {
                assert_eq!(arrived.scale(), sent.scale());
            }
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        assert_eq!(Cell::Text(vec![0xFF]).into_value(), None);
        assert_eq!(Cell::Date(u32::MAX).into_value(), None);
        assert_eq!(Cell::Time(i64::MAX).into_value(), None);
        assert_eq!(values(vec![Cell::Null, Cell::DateTime(u64::MAX)]), None);
    }
}
