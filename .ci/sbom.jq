# The output of `cargo metadata` as a CycloneDX 1.5 document: nthc, and every package that it is built from or with. Packages
# that only tests use are not part of it.
($checksums | split("\n") | map(select(. != "") | split("\t") | {key: .[0], value: .[1]}) | from_entries) as $sums
| (.resolve.nodes
    | map({key: .id, value: [.deps[] | select(any(.dep_kinds[]; .kind != "dev")) | .pkg]})
    | from_entries) as $edges
| (.packages | map({key: .id, value: .}) | from_entries) as $packages
| (.packages[] | select(.name == "nthc" and .source == null)) as $root
| def reached:
    . as $known
    | ([.[], (.[] | $edges[.] // [] | .[])] | unique) as $all
    | if ($all | length) == ($known | length) then $known else ($all | reached) end;
  def ref: "\(.name)@\(.version)";
  def component($type):
    {
      type: $type,
      "bom-ref": ref,
      name: .name,
      version: .version,
      purl: "pkg:cargo/\(.name)@\(.version)"
    }
    + (if .description then {description: (.description | gsub("\\s+"; " ") | sub("^ "; "") | sub(" $"; ""))} else {} end)
    + (if .license then {licenses: [{expression: (.license | gsub("/"; " OR ") | gsub("\\s+"; " "))}]} else {} end)
    + (if $sums[ref] then {hashes: [{alg: "SHA-256", content: $sums[ref]}]} else {} end);
  ([$root.id] | reached) as $ids
| {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      timestamp: $time,
      component: ($root | component("application")),
      properties: [{name: "cargo:target", value: $target}]
    },
    components: ($ids - [$root.id] | map($packages[.] | component("library")) | sort_by(."bom-ref")),
    dependencies: ($ids
      | map({ref: ($packages[.] | ref), dependsOn: ([$edges[.][] | $packages[.] | ref] | unique)})
      | sort_by(.ref))
  }
