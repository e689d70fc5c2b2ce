//! `[openslo]`: OpenSLO documents.

use super::{Kind, settings_table, texts};

settings_table! {
    /// OpenSLO documents.
    "openslo" => OpenSloSettings;

    /// The name of the data source of the queries.
    datasource: String = "prometheus".to_owned(), Kind::Text(texts::FILLED);

    /// The URL of that data source.
    url: String = "http://localhost:9090".to_owned(), Kind::Text(texts::URL);
}
