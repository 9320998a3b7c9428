//! SELECT, UNION and FROM.

use sqlparser::ast::{
    Distinct, Expr as Parsed, GroupByExpr, GroupByWithModifier, Join, JoinConstraint, JoinOperator,
    LimitClause, LockClause, LockType, NonBlock, OrderByExpr, OrderByKind, Query as ParsedQuery,
    Select as ParsedSelect, SelectItem as ParsedItem, SelectItemQualifiedWildcardKind, SetExpr, SetOperator,
    SetQuantifier, Spanned, TableAlias, TableFactor, TableIndexHintType, TableWithJoins,
    Value as ParsedValue,
};

use crate::ast::{
    Expr, IndexHint, IndexHintKind, JoinCondition, JoinKind, Locking, OrderItem, Query, QueryBody, Select,
    SelectItem, TableExpr,
};
use crate::error::Error;
use crate::limits::JOIN_TABLES_MAX;
use crate::parse::chains::too_many_tables;
use crate::parse::lower::{Lower, place};

impl Lower<'_, '_> {
    /// Lowers a query.
    pub(crate) fn query(&self, query: ParsedQuery) -> crate::Result<Query> {
        if query.with.is_some() {
            return Err(Error::not_supported("common table expressions (WITH)"));
        }
        if query.fetch.is_some()
            || query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty()
        {
            return Err(self.end());
        }
        let order_by = match query.order_by {
            None => Vec::new(),
            Some(order_by) => match order_by.kind {
                OrderByKind::Expressions(items) if order_by.interpolate.is_none() => self.order_by(items)?,
                _ => return Err(self.end()),
            },
        };
        let (limit, offset) = self.limit(query.limit_clause)?;
        let locking = self.locking(query.locks)?;
        let body = self.body(*query.body)?;
        // `(SELECT …)` alone is the query inside, unless the outside adds something of its own.
        Ok(match body {
            Body::Query(inner) if order_by.is_empty() && limit.is_none() && locking.is_none() => inner,
            Body::Query(inner)
                if inner.order_by.is_empty() && inner.limit.is_none() && inner.locking.is_none() =>
            {
                Query { body: inner.body, order_by, limit, offset, locking }
            }
            Body::Query(_) => {
                return Err(Error::not_supported(
                    "ORDER BY, LIMIT or a locking clause both in and after a query in parentheses",
                ));
            }
            Body::Plain(body) => Query { body, order_by, limit, offset, locking },
        })
    }

    pub(crate) fn order_by(&self, items: Vec<OrderByExpr>) -> crate::Result<Vec<OrderItem>> {
        items
            .into_iter()
            .map(|item| self.order_item(item).map(|(expr, descending)| OrderItem { expr, descending }))
            .collect()
    }

    fn limit(&self, clause: Option<LimitClause>) -> crate::Result<(Option<Expr>, Option<Expr>)> {
        match clause {
            None => Ok((None, None)),
            Some(LimitClause::LimitOffset { limit, offset, .. }) => {
                let limit = limit.map(|limit| self.limit_value(limit)).transpose()?;
                let offset = offset.map(|offset| self.limit_value(offset.value)).transpose()?;
                match limit {
                    None if offset.is_some() => Err(self.end()),
                    limit => Ok((limit, offset)),
                }
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
                Ok((Some(self.limit_value(limit)?), Some(self.limit_value(offset)?)))
            }
        }
    }

    /// A number of rows: an unsigned integer or a parameter, nothing else.
    pub(crate) fn limit_value(&self, value: Parsed) -> crate::Result<Expr> {
        let span = place(&value);
        if !matches!(value, Parsed::Value(_)) {
            return Err(self.source.syntax_span(span));
        }
        match self.expr(value)? {
            expr @ Expr::Parameter(_) => Ok(expr),
            Expr::Literal(value @ (crate::types::Value::Int(_) | crate::types::Value::UInt(_))) => {
                Ok(Expr::Literal(value))
            }
            _ => Err(self.source.syntax_span(span)),
        }
    }

    fn locking(&self, locks: Vec<LockClause>) -> crate::Result<Option<Locking>> {
        let mut clauses = locks.into_iter();
        let Some(first) = clauses.next() else { return Ok(None) };
        let mut first = self.locking_clause(first)?;
        first.more = clauses.map(|clause| self.locking_clause(clause)).collect::<crate::Result<_>>()?;
        Ok(Some(first))
    }

    fn locking_clause(&self, clause: LockClause) -> crate::Result<Locking> {
        let of = match clause.of {
            None => Vec::new(),
            Some(name) => {
                let name = self.table_name(name)?;
                if name.database.is_some() {
                    return Err(Error::not_supported("a database name in FOR UPDATE OF"));
                }
                vec![name.table]
            }
        };
        Ok(Locking {
            exclusive: clause.lock_type == LockType::Update,
            nowait: clause.nonblock == Some(NonBlock::Nowait),
            skip_locked: clause.nonblock == Some(NonBlock::SkipLocked),
            of,
            more: Vec::new(),
        })
    }

    /// Error 1064 at the end of the text, for what has no place of its own.
    fn end(&self) -> Error {
        self.source.syntax_at(self.source.text.len())
    }

    fn body(&self, body: SetExpr) -> crate::Result<Body> {
        match body {
            SetExpr::Select(select) => Ok(Body::Plain(QueryBody::Select(Box::new(self.select(*select)?)))),
            SetExpr::Query(query) => Ok(Body::Query(self.query(*query)?)),
            SetExpr::SetOperation { left, op, set_quantifier, right } => {
                let all = match (op, set_quantifier) {
                    (SetOperator::Union, SetQuantifier::All) => true,
                    (SetOperator::Union, SetQuantifier::Distinct | SetQuantifier::None) => false,
                    (SetOperator::Except, _) => return Err(Error::not_supported("EXCEPT")),
                    (SetOperator::Intersect, _) => return Err(Error::not_supported("INTERSECT")),
                    _ => return Err(self.end()),
                };
                let left = Box::new(self.body(*left)?.into_query());
                let right = Box::new(self.body(*right)?.into_query());
                Ok(Body::Plain(QueryBody::Union { left, right, all }))
            }
            SetExpr::Values(_) => Err(Error::not_supported("VALUES as a query")),
            SetExpr::Table(_) => Err(Error::not_supported("TABLE as a query")),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(self.end())
            }
        }
    }

    fn select(&self, select: ParsedSelect) -> crate::Result<Select> {
        let offset = self.source.offset(select.select_token.0.span);
        let stray = select.top.is_some()
            || select.exclude.is_some()
            || !select.lateral_views.is_empty()
            || select.prewhere.is_some()
            || !select.connect_by.is_empty()
            || !select.cluster_by.is_empty()
            || !select.distribute_by.is_empty()
            || !select.sort_by.is_empty()
            || select.qualify.is_some()
            || select.value_table_mode.is_some();
        if stray {
            return Err(self.source.syntax_at(offset));
        }
        if select.into.is_some() {
            return Err(Error::not_supported("SELECT … INTO"));
        }
        if !select.named_window.is_empty() {
            return Err(Error::not_supported("window functions"));
        }
        let modifiers = select.select_modifiers.unwrap_or_default();
        let distinct = match select.distinct {
            None | Some(Distinct::All) => false,
            Some(Distinct::Distinct) => true,
            Some(Distinct::On(_)) => return Err(self.source.syntax_at(offset)),
        };
        let items = select
            .projection
            .into_iter()
            .enumerate()
            .map(|(index, item)| self.item(item, offset, index))
            .collect::<crate::Result<_>>()?;
        Ok(Select {
            distinct,
            calc_found_rows: modifiers.sql_calc_found_rows,
            items,
            from: self.from(select.from)?,
            filter: select.selection.map(|filter| self.expr(filter)).transpose()?,
            group_by: self.group_by(select.group_by, offset)?,
            having: select.having.map(|having| self.expr(having)).transpose()?,
        })
    }

    fn item(&self, item: ParsedItem, offset: usize, index: usize) -> crate::Result<SelectItem> {
        match item {
            ParsedItem::UnnamedExpr(expr) => {
                // A string literal names its column by its (first) content, anything else by its text.
                let text = match &expr {
                    Parsed::Value(value) if matches!(value.value, ParsedValue::SingleQuotedString(_)) => {
                        self.literal_name(offset, index)
                    }
                    _ => self.source.item_text(offset, index),
                };
                Ok(SelectItem::Expression { expr: self.expr(expr)?, alias: None, text })
            }
            ParsedItem::ExprWithAlias { expr, alias } => Ok(SelectItem::Expression {
                expr: self.expr(expr)?,
                alias: Some(self.alias(alias)?),
                text: self.source.item_text(offset, index),
            }),
            ParsedItem::Wildcard(options) => {
                if index > 0 {
                    return Err(self.source.syntax_span(options.wildcard_token.0.span));
                }
                Ok(SelectItem::Wildcard)
            }
            ParsedItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                let name = self.table_name(name)?;
                Ok(SelectItem::TableWildcard { database: name.database, table: name.table })
            }
            ParsedItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), _) => {
                Err(self.source.syntax_span(place(&expr)))
            }
            ParsedItem::ExprWithAliases { expr, .. } => Err(self.source.syntax_span(place(&expr))),
        }
    }

    /// The column name of a string literal: its content, of several adjacent ones the first's, without leading blanks.
    fn literal_name(&self, offset: usize, index: usize) -> String {
        use crate::parse::lexer::{Kind, Lexer};
        use crate::variables::SqlMode;
        let text = self.source.item_text(offset, index);
        let mut lexer = Lexer::new(text.as_bytes(), self.source.mode);
        while let Ok(lexeme) = lexer.next() {
            let raw = &text.as_bytes()[lexeme.start..lexeme.end];
            let raw = match lexeme.kind {
                Kind::Text => raw,
                Kind::National => &raw[1..],
                Kind::End => break,
                _ => continue,
            };
            let name =
                crate::parse::literal::unquote(raw, !self.source.mode.has(SqlMode::NO_BACKSLASH_ESCAPES));
            return String::from_utf8_lossy(&name).trim_start().to_owned();
        }
        text
    }

    fn group_by(&self, group_by: GroupByExpr, offset: usize) -> crate::Result<Vec<Expr>> {
        match group_by {
            GroupByExpr::Expressions(exprs, modifiers) if modifiers.is_empty() => self.exprs(exprs),
            GroupByExpr::Expressions(_, modifiers)
                if matches!(modifiers.as_slice(), [GroupByWithModifier::Rollup]) =>
            {
                Err(Error::not_supported("GROUP BY … WITH ROLLUP"))
            }
            GroupByExpr::Expressions(..) | GroupByExpr::All(_) => Err(self.source.syntax_at(offset)),
        }
    }

    /// A FROM clause; none for DUAL.
    pub(crate) fn from(&self, tables: Vec<TableWithJoins>) -> crate::Result<Option<TableExpr>> {
        if tables.len() > JOIN_TABLES_MAX {
            return Err(too_many_tables());
        }
        if let [TableWithJoins { relation: TableFactor::Table { name, alias: None, .. }, joins }] =
            tables.as_slice()
        {
            let is_dual = matches!(name.0.as_slice(), [part] if part.as_ident().is_some_and(|ident| {
                ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("dual")
            }));
            if is_dual && joins.is_empty() {
                return Ok(None);
            }
        }
        let mut tree = None;
        for table in tables {
            let right = self.joins(table)?;
            tree = Some(match tree {
                None => right,
                Some(left) => inner(left, right, JoinCondition::None),
            });
        }
        Ok(tree)
    }

    fn joins(&self, table: TableWithJoins) -> crate::Result<TableExpr> {
        let mut tree = self.factor(table.relation)?;
        for join in table.joins {
            tree = self.join(tree, join)?;
        }
        Ok(tree)
    }

    fn join(&self, left: TableExpr, join: Join) -> crate::Result<TableExpr> {
        let (kind, constraint) = match join.join_operator {
            JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::CrossJoin(constraint)
            | JoinOperator::StraightJoin(constraint) => (JoinKind::Inner, constraint),
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
                (JoinKind::Left, constraint)
            }
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
                (JoinKind::Right, constraint)
            }
            _ => return Err(self.end()),
        };
        let condition = match constraint {
            JoinConstraint::On(expr) => JoinCondition::On(self.expr(expr)?),
            JoinConstraint::Using(names) => JoinCondition::Using(
                names
                    .into_iter()
                    .map(|name| Ok(self.table_name(name)?.table))
                    .collect::<crate::Result<_>>()?,
            ),
            JoinConstraint::Natural => JoinCondition::Natural,
            JoinConstraint::None if kind == JoinKind::Inner => JoinCondition::None,
            // LEFT and RIGHT JOIN demand a condition.
            JoinConstraint::None => return Err(self.end()),
        };
        let right = self.factor(join.relation)?;
        if kind == JoinKind::Inner && condition == JoinCondition::None {
            return Ok(flatten(left, right));
        }
        Ok(TableExpr::Join { left: Box::new(left), right: Box::new(right), kind, condition })
    }

    fn factor(&self, factor: TableFactor) -> crate::Result<TableExpr> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                if !partitions.is_empty() {
                    return Err(Error::not_supported("PARTITION selection"));
                }
                let stray = args.is_some()
                    || !with_hints.is_empty()
                    || version.is_some()
                    || with_ordinality
                    || json_path.is_some()
                    || sample.is_some();
                if stray {
                    return Err(self.source.syntax_span(name.span()));
                }
                let name = self.table_name(name)?;
                let alias = self.table_alias(alias)?;
                let mut hints = Vec::with_capacity(index_hints.len());
                for hint in index_hints {
                    if hint.for_clause.is_some() {
                        return Err(Error::not_supported(
                            "index hints FOR JOIN, FOR ORDER BY and FOR GROUP BY",
                        ));
                    }
                    hints.push(IndexHint {
                        kind: match hint.hint_type {
                            TableIndexHintType::Use => IndexHintKind::Use,
                            TableIndexHintType::Force => IndexHintKind::Force,
                            TableIndexHintType::Ignore => IndexHintKind::Ignore,
                        },
                        indexes: hint
                            .index_names
                            .into_iter()
                            .map(|name| self.index_name(name))
                            .collect::<crate::Result<_>>()?,
                    });
                }
                Ok(TableExpr::Table { database: name.database, table: name.table, alias, hints })
            }
            TableFactor::Derived { lateral, subquery, alias, sample } => {
                if lateral {
                    return Err(Error::not_supported("LATERAL"));
                }
                if sample.is_some() {
                    return Err(self.end());
                }
                Ok(TableExpr::Derived {
                    query: Box::new(self.query(*subquery)?),
                    alias: self.table_alias(alias)?,
                })
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => self.joins(*table_with_joins),
            TableFactor::JsonTable { .. } => Err(Error::not_supported("JSON_TABLE")),
            _ => Err(self.end()),
        }
    }

    /// An index's name; PRIMARY, though reserved, is one.
    fn index_name(&self, ident: sqlparser::ast::Ident) -> crate::Result<String> {
        if ident.value.eq_ignore_ascii_case("primary") { Ok("PRIMARY".to_owned()) } else { self.name(ident) }
    }

    fn table_alias(&self, alias: Option<TableAlias>) -> crate::Result<Option<String>> {
        let Some(alias) = alias else { return Ok(None) };
        if !alias.columns.is_empty() || alias.at.is_some() {
            return Err(Error::not_supported("column names after a table alias"));
        }
        self.name(alias.name).map(Some)
    }
}

/// A query body on its way up: as it is, or in parentheses with clauses of its own.
enum Body {
    Plain(QueryBody),
    Query(Query),
}

impl Body {
    fn into_query(self) -> Query {
        match self {
            Body::Query(query) => query,
            Body::Plain(body) => {
                Query { body, order_by: Vec::new(), limit: None, offset: None, locking: None }
            }
        }
    }
}

fn inner(left: TableExpr, right: TableExpr, condition: JoinCondition) -> TableExpr {
    TableExpr::Join { left: Box::new(left), right: Box::new(right), kind: JoinKind::Inner, condition }
}

/// `a JOIN b JOIN c ON x`, which sqlparser reads as `a JOIN (b JOIN c ON x)`: inner joins lean left, so that `x` sees `a`.
fn flatten(left: TableExpr, right: TableExpr) -> TableExpr {
    match right {
        TableExpr::Join { left: first, right: second, kind: JoinKind::Inner, condition }
            if matches!(condition, JoinCondition::On(_) | JoinCondition::None) =>
        {
            inner(flatten(left, *first), *second, condition)
        }
        right => inner(left, right, JoinCondition::None),
    }
}
