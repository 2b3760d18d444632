//! Window functions, for programs that want them.

/// Lets questions of this process have window functions ([`WindowCall`](crate::WindowCall)); without it they are refused. The
/// SQL crate calls it. A program that does not call it does not link what computes them.
///
/// ```
/// use wasm_dbms::prelude::*;
/// use wasm_dbms::{Order, WindowCall, WindowFunction, enable_window_functions};
///
/// enable_window_functions();
/// let db = Database::in_memory();
/// db.create_table(&TableSchema::new("t").column(ColumnSchema::new("n", DataType::I64)))?;
/// db.insert_many_values("t", &["n"], [30, 10, 20].map(|n| [Value::from(n)]))?;
/// let number = WindowCall {
///     function: WindowFunction::RowNumber,
///     partition_by: Vec::new(),
///     order_by: vec![Order::ascending(Expr::column("n"))],
///     frame: None,
/// };
/// let rows = db.query(&Query::from("t").column(Expr::column("n")).column(Expr::from(number)))?.rows;
/// assert_eq!(rows[0], [Value::from(10), Value::from(1)]);
/// # Ok::<(), Error>(())
/// ```
pub fn enable_window_functions() {
    crate::plan::enable(crate::execute::rows_with_windows);
}
