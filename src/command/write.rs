//! Answers written: to the standard output, and to files that are whole or not there at all.

use lorascope::native::Fault;
use lorascope::native::whole::whole;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;

/// Names in files may hold what moves a terminal's cursor or hides what stands there: of all that commands, only the new line stays.
fn harmless(text: &str) -> String {
    let one = |c: char| {
        if c.is_control() && c != '\n' {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    text.chars().map(one).collect()
}

/// Words for who watches; nothing of an empty text.
pub fn err(text: &str) {
    if !text.is_empty() {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        eprint!("{}{end}", harmless(text));
    }
}

/// A reader that has seen enough, as `head`, is no fault.
pub fn out(text: &str) -> Result<(), Fault> {
    let mut out = io::stdout().lock();
    let shown = if out.is_terminal() {
        harmless(text)
    } else {
        text.to_owned()
    };
    match out.write_all(shown.as_bytes()).and_then(|()| out.flush()) {
        Err(why) if why.kind() != ErrorKind::BrokenPipe => Err(Fault::Unreadable(format!("standard output: {why}"))),
        _ => Ok(()),
    }
}

/// Writes a file under another name first: whoever is killed in the middle leaves nothing half written.
pub fn file(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    whole(path, bytes).map_err(|why| Fault::Unreadable(format!("{} cannot be written: {why}.", path.display())))
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_name_commands_no_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\r\u{9b}c\nε"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c\nε");
    }
}
