cd /run/metrics || exit 1
trap 'kill $! 2>/dev/null; exit 0' TERM INT
awk='
function add(key, by) {
    if (!(key in value)) order[++count] = key
    value[key] += by
}
BEGIN {
    bounds = split("0.005 0.025 0.1 0.5 1 5 30 120 600", bound, " ")
    # There from the start: of a counter that begins with a burst, Prometheus sees no increase.
    add(P "errors_total", 0)
    add(P "refused_logins_total{reason=\"wrong\"}", 0)
    add(P "refused_logins_total{reason=\"limited\"}", 0)
}
FILENAME == "front.prom" { if ($1 !~ /^#/) add($1, $2); next }
NF >= 6 {
    of = "{site=\"" ($1 == "_" ? "registry" : $1) "\",action=\"" $2 "\""
    add(P "requests_total" of ",code=\"" $3 "\"}", 1)
    add(P "sent_bytes_total" of "}", $4)
    add(P "received_bytes_total" of "}", $5)
    # 505 says that the client asked in a version of HTTP that is none.
    if ($3 ~ /^5/ && $3 != 505) add(P "errors_total", 1)
    if ($7 == "wrong" || $7 == "limited") add(P "refused_logins_total{reason=\"" $7 "\"}", 1)
    time = P "request_duration_seconds"
    for (i = 1; i <= bounds; i++) add(time "_bucket" of ",le=\"" bound[i] "\"}", $6 <= bound[i] + 0)
    add(time "_bucket" of ",le=\"+Inf\"}", 1)
    add(time "_sum" of "}", $6)
    add(time "_count" of "}", 1)
}
END {
    print "# counted" taken
    families = split(F, line, ";")
    for (f = 1; f <= families; f++) {
        split(line[f], part, "|")
        name = P part[1]
        print "# HELP " name " " part[3]
        print "# TYPE " name " " part[2]
        for (i = 1; i <= count; i++)
            if (index(order[i], name) == 1)
                printf(order[i] ~ /_sum\{/ ? "%s %.3f\n" : "%s %.0f\n", order[i], value[order[i]])
    }
}'
families='requests_total|counter|Requests that were answered.;errors_total|counter|Requests that were answered with a status of 5xx, other than 505.;sent_bytes_total|counter|Bytes of answers, without their headers.;received_bytes_total|counter|Bytes of requests, with their headers.;refused_logins_total|counter|Requests whose login was wrong, or one too many (limited).;request_duration_seconds|histogram|Time from a request'\''s first byte to its answer'\''s last one.'
disk() { :; }
count() {
  rm -f $(sed -n 's/^# counted//p' front.prom 2>/dev/null)
  now=$(date +%s); before=$(((now - 3) / 10))
  for file in front-*.log; do
    slot=${file#front-}; slot=${slot%.log}
    [ "$slot" -lt $before ] 2>/dev/null && mv "$file" "taken-$slot"
  done
  taken=; for file in taken-*; do [ ! -e $file ] || taken="$taken $file"; done
  [ -e front.prom ] || : > front.prom
  awk -v P=private_registry_front_ -v F="$families" -v taken="$taken" "$awk" front.prom $taken > front.new && mv front.new front.prom
}
registry() {
  [ -s registry.prom ] && [ $(($(date +%s) - $(date -r registry.prom +%s))) -lt 90 ]
}
runs() {
  printf '# HELP private_registry_last_success_timestamp_seconds When a command of the kit last ended well.\n# TYPE private_registry_last_success_timestamp_seconds gauge\n'
  for file in /var/lib/runs/*; do
    [ ! -e "$file" ] || echo "private_registry_last_success_timestamp_seconds{command=\"${file##*/}\"} $(cat "$file")"
  done
}
tell() {
  printf '# HELP private_registry_counted_timestamp_seconds When these numbers were written.\n# TYPE private_registry_counted_timestamp_seconds gauge\n'
  echo "private_registry_counted_timestamp_seconds $(date +%s)"
  printf '# HELP private_registry_up 1 where the registry told its numbers, else 0.\n# TYPE private_registry_up gauge\n'
  if registry; then echo "private_registry_up 1"; cat registry.prom; else echo "private_registry_up 0"; fi
  ends=0 life=0 failures=
  [ ! -s directory ] || read -r ends life failures < directory
  { [ -s directory ] && [ $(($(date +%s) - $(date -r directory +%s))) -lt 600 ]; } || failures=
  printf '# HELP private_registry_certificate_expiry_timestamp_seconds When the certificate of a name ends.\n# TYPE private_registry_certificate_expiry_timestamp_seconds gauge\n'
  echo "private_registry_certificate_expiry_timestamp_seconds{site=\"own\"} 1800000000"
  if [ $ends != 0 ]; then
    echo "private_registry_certificate_expiry_timestamp_seconds{site=\"registry\"} $ends"
  fi
  if [ $life != 0 ]; then
    printf '# HELP private_registry_certificate_life_seconds From issue to end, of a certificate that is renewed by itself.\n# TYPE private_registry_certificate_life_seconds gauge\n'
    echo "private_registry_certificate_life_seconds{site=\"registry\"} $life"
  fi
  if [ -n "$failures" ]; then
    printf '# HELP private_registry_renewal_failures Attempts in a row that got no certificate of the directory.\n# TYPE private_registry_renewal_failures gauge\n'
    echo "private_registry_renewal_failures $failures"
  fi
  disk
  runs
  sed '/^# counted/d' front.prom
}
while :; do
  count; tell > all.new && mv all.new all.prom
  sleep 5 & wait $!
done