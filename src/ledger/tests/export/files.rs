//! CSV and Parquet.

use bytes::Bytes;
use nth_ledger::export::{CsvWriter, ParquetWriter};
use nth_ledger::{Slice, SliceSource};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;

use crate::{START, examples, slice, slo};

fn csv() -> String {
    let mut writer = CsvWriter::new(Vec::new()).unwrap();
    for (slo, slices) in examples() {
        writer.write(&slo, &slices).unwrap();
    }
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

#[test]
fn csv_has_a_row_per_slice() {
    let expected = "\
project,environment,service,slo,group,start,bad,total,seen_seconds,source
shop,production,checkout,availability,{},2026-10-01T00:00:00Z,3,1200,300,raw
shop,production,checkout,availability,{},2026-10-01T00:05:00Z,0,0,300,raw
shop,production,checkout,availability,{},2026-10-01T00:15:00Z,9007199254740991,9007199254740992,285,raw
shop,production,checkout,availability,\"{\"\"region\"\":\"\"eu \\\"\"west\\\"\"\\\\1\\n\"\",\"\"service\"\":\"\"payments\"\"}\",2026-10-01T00:00:00Z,0.25,10.5,200,recorded
shop,,checkout,latency,{},2026-10-01T00:00:00Z,1,20,300,time-slices
";
    assert_eq!(csv(), expected);
}

#[test]
fn csv_is_no_program_of_a_spreadsheet() {
    let mut slo = slo("=HYPERLINK(\"http://example.com\")", &[("a", "=1")]);
    slo.service = "-2".into();
    slo.project = "@SUM(A1)".into();
    let mut writer = CsvWriter::new(Vec::new()).unwrap();
    writer
        .write(&slo, &[slice(0, 1.0, 2.0, 300, SliceSource::Raw)])
        .unwrap();
    let text = String::from_utf8(writer.finish().unwrap()).unwrap();
    let row = text.lines().nth(1).unwrap();
    let expected = "'@SUM(A1),production,'-2,\"'=HYPERLINK(\"\"http://example.com\"\")\",\"{\"\"a\"\":\"\"=1\"\"}\",";
    assert!(row.starts_with(expected), "{row}");
}

fn parquet(examples: &[(nth_ledger::SloKey, Vec<Slice>)]) -> Vec<u8> {
    let mut writer = ParquetWriter::new(Vec::new()).unwrap();
    for (slo, slices) in examples {
        writer.write(slo, slices).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn parquet_has_a_row_per_slice() {
    let bytes = parquet(&examples());
    assert_eq!(bytes, parquet(&examples()));
    let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
    let mut rows = Vec::new();
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        rows.push((
            row.get_string(0).unwrap().clone(),
            row.get_string(1).ok().cloned(),
            row.get_string(3).unwrap().clone(),
            row.get_string(4).unwrap().clone(),
            row.get_timestamp_millis(5).unwrap(),
            row.get_double(6).unwrap(),
            row.get_double(7).unwrap(),
            row.get_int(8).unwrap(),
            row.get_string(9).unwrap().clone(),
        ));
    }
    let mut expected = Vec::new();
    for (slo, slices) in examples() {
        for slice in slices {
            expected.push((
                slo.project.clone(),
                slo.environment.clone(),
                slo.slo.clone(),
                serde_json::to_string(&slo.group).unwrap(),
                slice.start * 1_000,
                slice.bad,
                slice.total,
                i32::from(slice.seen),
                slice.source.name().to_owned(),
            ));
        }
    }
    assert_eq!(rows, expected);
}

#[test]
fn parquet_is_written_in_groups() {
    let many: Vec<Slice> = (0..250_000)
        .map(|number| slice(number, 1.0, 10.0, 300, SliceSource::Raw))
        .collect();
    let bytes = parquet(&[(slo("availability", &[]), many)]);
    // Repeated texts take hardly any space.
    assert!(bytes.len() < 250_000 * 14, "{} bytes", bytes.len());
    let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
    let metadata = reader.metadata();
    let rows: Vec<i64> = metadata
        .row_groups()
        .iter()
        .map(|group| group.num_rows())
        .collect();
    assert_eq!(rows, [100_000, 100_000, 50_000]);
    let last = reader.get_row_iter(None).unwrap().last().unwrap().unwrap();
    assert_eq!(
        last.get_timestamp_millis(5).unwrap(),
        (START + 249_999 * 300) * 1_000
    );
}

#[test]
fn a_file_without_slices_is_valid() {
    let reader = SerializedFileReader::new(Bytes::from(parquet(&[]))).unwrap();
    assert_eq!(reader.get_row_iter(None).unwrap().count(), 0);
}
