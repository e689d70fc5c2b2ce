//! Numbers of things and lists of them in a sentence.

/// A number with its noun: "1 alert", "4 alerts", "0 dependencies".
///
/// ```
/// use nth_units::text::count;
///
/// assert_eq!(count(1, "alert"), "1 alert");
/// assert_eq!(count(0, "alert"), "0 alerts");
/// assert_eq!(count(2, "gate window"), "2 gate windows");
/// assert_eq!(count(2, "dependency"), "2 dependencies");
/// ```
pub fn count(number: usize, noun: &str) -> String {
    match (number, noun.strip_suffix("cy")) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}cies"),
        (_, None) => format!("{number} {noun}s"),
    }
}

/// Items as one speaks: "a", "a and b", "a, b and c". The conjunction is "and" or "or".
///
/// ```
/// use nth_units::text::list;
///
/// let items = ["a", "b", "c"].map(str::to_owned);
/// assert_eq!(list(&items[..0], "and"), "");
/// assert_eq!(list(&items[..1], "and"), "a");
/// assert_eq!(list(&items[..2], "or"), "a or b");
/// assert_eq!(list(&items, "and"), "a, b and c");
/// ```
pub fn list(items: &[String], conjunction: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [before @ .., last] => format!("{} {conjunction} {last}", before.join(", ")),
    }
}
