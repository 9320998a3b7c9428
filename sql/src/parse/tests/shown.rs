//! Trees as short texts, for the tests of the parser.

use crate::ast::*;
use crate::types::Value;

pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Int(value) => value.to_string(),
        Value::UInt(value) => format!("{value}u"),
        Value::Double(value) => format!("{value:?}"),
        Value::Decimal(value) => {
            let mut out = Vec::new();
            value.write(&mut out);
            String::from_utf8(out).unwrap() + "d"
        }
        Value::Text(text) => format!("'{}'", String::from_utf8_lossy(text)),
        Value::Blob(bytes) => {
            format!("x'{}'", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        other => format!("{other:?}"),
    }
}

/// An expression with every grouping shown.
pub(super) fn shown(expr: &Expr) -> String {
    let list = |list: &[Expr]| list.iter().map(shown).collect::<Vec<_>>().join(", ");
    let not = |negated: &bool| if *negated { "NOT " } else { "" };
    match expr {
        Expr::Truth(value) => i64::from(*value).to_string(),
        Expr::Literal(literal) => value(literal),
        Expr::Introduced(literal, collation) => format!("_{}{}", collation.character_set(), value(literal)),
        Expr::HexLiteral(bytes) => value(&Value::Blob(bytes.clone())),
        Expr::Parameter(index) => format!("?{index}"),
        Expr::Column { database, table, column } => [database.as_deref(), table.as_deref(), Some(column)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("."),
        Expr::Unary(op, operand) => format!("({op:?} {})", shown(operand)),
        Expr::Binary(op, left, right) => format!("({} {op:?} {})", shown(left), shown(right)),
        Expr::IsNull { operand, negated } => format!("({} IS {}NULL)", shown(operand), not(negated)),
        Expr::IsTruth { operand, value, negated } => {
            format!("({} IS {}{value:?})", shown(operand), not(negated))
        }
        Expr::Between { operand, low, high, negated } => {
            format!("({} {}BETWEEN {} AND {})", shown(operand), not(negated), shown(low), shown(high))
        }
        Expr::InList { operand, list: members, negated } => {
            format!("({} {}IN [{}])", shown(operand), not(negated), list(members))
        }
        Expr::InSubquery { operand, query, negated } => {
            format!("({} {}IN {{{}}})", shown(operand), not(negated), query_shown(query))
        }
        Expr::Exists { query, negated } => format!("{}EXISTS {{{}}}", not(negated), query_shown(query)),
        Expr::Subquery(query) => format!("{{{}}}", query_shown(query)),
        Expr::Like { operand, pattern, escape, negated } => {
            let escape =
                escape.as_ref().map(|escape| format!(" ESCAPE {}", shown(escape))).unwrap_or_default();
            format!("({} {}LIKE {}{escape})", shown(operand), not(negated), shown(pattern))
        }
        Expr::Regexp { operand, pattern, negated } => {
            format!("({} {}REGEXP {})", shown(operand), not(negated), shown(pattern))
        }
        Expr::Case { operand, branches, otherwise } => {
            let branches: String = branches
                .iter()
                .map(|(when, then)| format!(" WHEN {} THEN {}", shown(when), shown(then)))
                .collect();
            let operand = operand.as_ref().map(|operand| format!(" {}", shown(operand))).unwrap_or_default();
            let otherwise =
                otherwise.as_ref().map(|otherwise| format!(" ELSE {}", shown(otherwise))).unwrap_or_default();
            format!("CASE{operand}{branches}{otherwise} END")
        }
        Expr::Cast { operand, to, .. } => format!("CAST({} {:?})", shown(operand), to.kind),
        Expr::Collate(operand, collation) => format!("({} COLLATE {collation:?})", shown(operand)),
        Expr::Function { name, arguments } => format!("{name}({})", list(arguments)),
        Expr::Stored { database, name, arguments } => {
            let of = database.as_deref().map(|database| format!("{database}.")).unwrap_or_default();
            format!("stored {of}{name}({})", list(arguments))
        }
        Expr::Aggregate(call) => {
            let distinct = if call.distinct { "DISTINCT " } else { "" };
            let order: String = call
                .order_by
                .iter()
                .map(|(expr, descending)| {
                    format!(" ORDER {}{}", shown(expr), if *descending { "-" } else { "" })
                })
                .collect();
            let separator =
                call.separator.as_ref().map(|separator| format!(" SEP '{separator}'")).unwrap_or_default();
            format!("{:?}<{distinct}{}{order}{separator}>", call.function, list(&call.arguments))
        }
        Expr::Window(call) => format!("{:?}<{}> OVER {:?}", call.function, list(&call.arguments), call.over),
        Expr::InsertedValue(column) => format!("VALUES({column})"),
        Expr::UserVariable(name) => format!("@{name}"),
        Expr::AssignVariable(name, operand) => format!("(@{name} := {})", shown(operand)),
        Expr::SystemVariable { scope, name } => match scope {
            None => format!("@@{name}"),
            Some(scope) => format!("@@{scope:?}.{name}"),
        },
        Expr::Quantified { operand, op, all, query } => {
            let all = if *all { "ALL" } else { "ANY" };
            format!("({} {op:?} {all} {{{}}})", shown(operand), query_shown(query))
        }
        Expr::Row(members) => format!("ROW({})", list(members)),
        Expr::Default(column) => format!("DEFAULT({column:?})"),
    }
}

pub(super) fn query_shown(query: &Query) -> String {
    let with: String = query
        .common_tables()
        .map(|table| format!("WITH {}{:?} {{{}}} ", table.name, table.columns, query_shown(&table.query)))
        .collect();
    let mut out = with
        + &match &query.body {
            QueryBody::Select(select) => select_shown(select),
            QueryBody::SetOperation { operator, left, right, all } => {
                let all = if *all { " ALL" } else { "" };
                let operator = format!("{operator:?}").to_uppercase();
                format!("[{}] {operator}{all} [{}]", query_shown(left), query_shown(right))
            }
            QueryBody::Values(rows) => rows.iter().fold("VALUES".to_owned(), |text, row| {
                let cells: Vec<String> = row.iter().map(shown).collect();
                format!("{text} ({})", cells.join(", "))
            }),
            QueryBody::Nested(inner) => format!("[{}]", query_shown(inner)),
        };
    for item in &query.order_by {
        out += &format!(" ORDER {}{}", shown(&item.expr), if item.descending { "-" } else { "" });
    }
    if let Some(limit) = &query.limit {
        out += &format!(" LIMIT {}", shown(limit));
    }
    if let Some(offset) = &query.offset {
        out += &format!(" OFFSET {}", shown(offset));
    }
    if let Some(locking) = &query.locking {
        out += &format!(" {locking:?}");
    }
    out
}

pub(super) fn select_shown(select: &Select) -> String {
    let items: Vec<String> = select
        .items
        .iter()
        .map(|item| match item {
            SelectItem::Wildcard => "*".into(),
            SelectItem::TableWildcard { database, table } => format!("{database:?}.{table}.*"),
            SelectItem::Expression { expr, alias, .. } => match alias {
                Some(alias) => format!("{} AS {alias}", shown(expr)),
                None => shown(expr),
            },
        })
        .collect();
    let mut out = format!("SELECT {}{}", if select.distinct { "DISTINCT " } else { "" }, items.join(", "));
    if let Some(from) = &select.from {
        out += &format!(" FROM {}", table_shown(from));
    }
    if let Some(filter) = &select.filter {
        out += &format!(" WHERE {}", shown(filter));
    }
    for expr in &select.group_by {
        out += &format!(" GROUP {}", shown(expr));
    }
    if let Some(having) = &select.having {
        out += &format!(" HAVING {}", shown(having));
    }
    out
}

pub(super) fn table_shown(table: &TableExpr) -> String {
    match table {
        TableExpr::Table { database, table, alias, hints, partitions: _ } => {
            let database = database.as_ref().map(|database| format!("{database}.")).unwrap_or_default();
            let alias = alias.as_ref().map(|alias| format!(" {alias}")).unwrap_or_default();
            let hints: String =
                hints.iter().map(|hint| format!(" {:?}{:?}", hint.kind, hint.indexes)).collect();
            format!("{database}{table}{alias}{hints}")
        }
        TableExpr::Derived { query, alias, columns, lateral, json_table: _ } => {
            let lateral = if *lateral { "LATERAL " } else { "" };
            let columns = if columns.is_empty() { String::new() } else { format!(" {columns:?}") };
            format!("{lateral}{{{}}} {alias:?}{columns}", query_shown(query))
        }
        TableExpr::Join { left, right, kind, condition } => {
            let condition = match condition {
                JoinCondition::None => String::new(),
                JoinCondition::On(expr) => format!(" ON {}", shown(expr)),
                JoinCondition::Using(columns) => format!(" USING {columns:?}"),
                JoinCondition::Natural => " NATURAL".into(),
            };
            format!("({} {kind:?} {}{condition})", table_shown(left), table_shown(right))
        }
    }
}
