//! How MySQL prints what JSON has of syntax.

use crate::ast::Expr;
use crate::ast::print::Printer;
use crate::types::Value;

impl Printer<'_> {
    /// `JSON_VALUE` and `MEMBER OF`; false for all other functions.
    pub(super) fn json_function(&mut self, name: &str, arguments: &[Expr]) -> bool {
        match (name, arguments) {
            ("MEMBER OF", [value, document]) => {
                self.expr(value);
                self.put(" member of (");
                self.expr(document);
                self.put(")");
            }
            (
                "JSON_VALUE",
                [document, path, empty, empty_default, error, error_default, Expr::Cast { to, .. }],
            ) => {
                self.put("json_value(");
                self.expr(document);
                self.put(", ");
                self.expr(path);
                self.put(" returning ");
                match to.kind {
                    crate::types::TypeKind::VarChar(count) => self.put(&format!("char({count})")),
                    _ => self.cast_type(to),
                }
                self.json_otherwise(empty, empty_default, "empty");
                self.json_otherwise(error, error_default, "error");
                self.put(")");
            }
            _ => return false,
        }
        true
    }

    fn json_otherwise(&mut self, mode: &Expr, default: &Expr, when: &str) {
        match mode {
            Expr::Literal(Value::Int(1)) => self.put(" error"),
            Expr::Literal(Value::Int(2)) => {
                self.put(" default ");
                self.expr(default);
            }
            _ => return,
        }
        self.put(&format!(" on {when}"));
    }
}
