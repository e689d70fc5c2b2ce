//! What the files look like, and that promtool accepts them.

use std::collections::{BTreeMap, BTreeSet};

use nthc::backends::prometheus::service_rules;
use nthc::ir::{Duration, RuleFormat, Service, Settings, Slo, burn_rate};
use yaml_serde::Value;

use crate::models::{bad_based, complete, every_sli, rules, service, settings, slo};
use crate::support::promtool;

#[test]
fn a_complete_file() {
    let (service, settings) = complete();
    insta::assert_snapshot!(rules(&service, &settings));
}
