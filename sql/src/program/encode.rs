//! The bytes of a routine as its key of the catalog holds them.
//!
//! ```text
//! routine  version, kind (0: procedure, 1: function), database, name, parameters, body, definer's user and host, flags (1: INVOKER, 2: DETERMINISTIC),
//!          data access (0 to 3), comment, sql_mode as text, character set, collation, collation of the database (by name),
//!          created and altered, microseconds since the epoch; of a function: the type that it returns
//! ```

use bytes::Bytes;

use super::{CompiledCell, Routine};
use crate::Result;
use crate::account::AccountId;
use crate::ast::{DataAccess, RoutineKind};
use crate::catalog::encode::{DEFINITION_VERSION, read_string, read_version, write_string};
use crate::codec::{Input, damaged, write_varint};
use crate::types::Collation;
use crate::variables::{SqlMode, character_set};

const INVOKER: u8 = 1;
const DETERMINISTIC: u8 = 2;

/// The kind of a routine as a byte.
#[must_use]
pub fn kind_byte(kind: RoutineKind) -> u8 {
    match kind {
        RoutineKind::Procedure => 0,
        RoutineKind::Function => 1,
    }
}

/// The kind of a routine from its byte.
#[must_use]
pub fn kind_of(byte: u8) -> Option<RoutineKind> {
    match byte {
        0 => Some(RoutineKind::Procedure),
        1 => Some(RoutineKind::Function),
        _ => None,
    }
}

/// The bytes of a routine.
#[must_use]
pub fn write_routine(routine: &Routine) -> Bytes {
    let mut out = vec![DEFINITION_VERSION, kind_byte(routine.kind)];
    let Routine { database, name, parameters, body, definer, .. } = routine;
    for text in [database, name, parameters, body, &definer.user, &definer.host] {
        write_string(text, &mut out);
    }
    out.push((u8::from(routine.invoker) * INVOKER) | (u8::from(routine.deterministic) * DETERMINISTIC));
    out.push(match routine.access {
        DataAccess::ContainsSql => 0,
        DataAccess::NoSql => 1,
        DataAccess::ReadsSqlData => 2,
        DataAccess::ModifiesSqlData => 3,
    });
    let mode = routine.sql_mode.to_string();
    let (collation, of_database) = (routine.collation.name(), routine.database_collation.name());
    for text in [&routine.comment, &mode, &routine.character_set] {
        write_string(text, &mut out);
    }
    write_string(collation, &mut out);
    write_string(of_database, &mut out);
    write_varint(routine.created_us, &mut out);
    write_varint(routine.altered_us, &mut out);
    if routine.kind == RoutineKind::Function {
        write_string(&routine.returns, &mut out);
    }
    Bytes::from(out)
}

/// A routine from its bytes.
///
/// # Errors
/// 1105 when they are no such bytes.
pub fn read_routine(bytes: &[u8]) -> Result<Routine> {
    let mut input = Input::new(bytes);
    read_version(&mut input)?;
    let kind = kind_of(input.byte()?).ok_or_else(|| damaged("a routine is of an unknown kind"))?;
    let (database, name) = (read_string(&mut input)?, read_string(&mut input)?);
    let (parameters, body) = (read_string(&mut input)?, read_string(&mut input)?);
    let definer = AccountId { user: read_string(&mut input)?, host: read_string(&mut input)? };
    let flags = input.byte()?;
    let access = match input.byte()? {
        0 => DataAccess::ContainsSql,
        1 => DataAccess::NoSql,
        2 => DataAccess::ReadsSqlData,
        3 => DataAccess::ModifiesSqlData,
        _ => return Err(damaged("a routine says something unknown of its data")),
    };
    let comment = read_string(&mut input)?;
    let sql_mode = SqlMode::parse(&read_string(&mut input)?)?;
    let character_set = read_string(&mut input)?;
    let collation = read_collation(&mut input)?;
    let database_collation = read_collation(&mut input)?;
    let (created_us, altered_us) = (input.varint()?, input.varint()?);
    let returns = match kind {
        RoutineKind::Procedure => String::new(),
        RoutineKind::Function => read_string(&mut input)?,
    };
    Ok(Routine {
        kind,
        database,
        name,
        parameters,
        returns,
        body,
        definer,
        invoker: flags & INVOKER != 0,
        deterministic: flags & DETERMINISTIC != 0,
        access,
        comment,
        sql_mode,
        character_set,
        collation,
        database_collation,
        created_us,
        altered_us,
        compiled: CompiledCell::default(),
    })
}

fn read_collation(input: &mut Input<'_>) -> Result<Collation> {
    character_set::collation(&read_string(input)?)
}
