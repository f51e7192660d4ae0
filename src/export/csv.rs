//! The numbers of a figure as CSV (RFC 4180). Lines that begin with `#` say what they are: `pandas.read_csv(file, comment="#")`.

use super::provenance::provenance;
use crate::figures::{Request, Table, Value, table};
use crate::report::{Report, Settings};

pub fn csv(report: &Report, request: &Request) -> String {
    of_table(report, &request.settings, &table(report, request))
}

/// Any table of a report.
pub fn of_table(report: &Report, settings: &Settings, table: &Table) -> String {
    let mut out = String::new();
    for line in std::iter::once(table.title.clone()).chain(provenance(report, settings).lines()) {
        // A quote would open a quoted field for some readers, even in a comment.
        out.push_str(&format!("# {}\r\n", line.replace(['\r', '\n'], " ").replace('"', "'")));
    }
    let mut put = |cells: Vec<String>| {
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    };
    put(table.columns.iter().map(|c| quoted(c)).collect());
    for row in &table.rows {
        put(row.iter().map(cell).collect());
    }
    out
}

fn cell(value: &Value) -> String {
    match value {
        Value::None => String::new(),
        Value::Number(x) => x.to_string(),
        Value::Text(text) => quoted(text),
    }
}

fn quoted(text: &str) -> String {
    // A name from a file must not become a formula in a spreadsheet.
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r', '#']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn names_from_files_stay_names() {
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("say \"x\""), "\"say \"\"x\"\"\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("#1"), "\"#1\"");
        assert_eq!(quoted("plain"), "plain");
    }
}
