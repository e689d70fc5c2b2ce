# The output of `cargo metadata` as a CycloneDX 1.5 document: nthc, and every package that it is built from or with. Packages
# that only tests use are not part of it. `$embedded` are files of others in the sources: their name and version at npm, license,
# checksum and the package that they are a part of.
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
    components: (($ids - [$root.id] | map($packages[.] | component("library")))
      + ($embedded | map({
          type: "library",
          "bom-ref": ref,
          name: .name,
          version: .version,
          purl: "pkg:npm/\(.name)@\(.version)",
          licenses: [{expression: .license}],
          hashes: [{alg: "SHA-256", content: .sha256}]
        }))
      | sort_by(."bom-ref")),
    dependencies: ($ids
      | map(($packages[.]) as $package | {
          ref: ($package | ref),
          dependsOn: ([$edges[.][] | $packages[.] | ref]
            + ($embedded | map(select(.within == $package.name) | ref)) | unique)
        })
      + ($embedded | map({ref: ref, dependsOn: []}))
      | sort_by(.ref))
  }
