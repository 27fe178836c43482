trap 'exit 143' TERM
fail() { printf 'millrace: %s\n' "$2" >&2; exit "$1"; }
[ -d data ] || fail 95 'the persistent volume is not mounted at data in the sandbox'
KAFKA=
for libs in ./*/libs ./kafka_*/libs; do [ -d "$libs" ] && KAFKA=${libs%/libs}; done
[ -n "$KAFKA" ] || fail 96 'no Kafka distribution among what was fetched (no directory */libs in the sandbox)'
JAVA=
for java in ./*/bin/java; do [ -x "$java" ] && JAVA=$java; done
[ -n "$JAVA" ] || fail 97 'no Java among what was fetched (no file */bin/java in the sandbox)'
printf '%s' "$SERVER_PROPERTIES" > server.properties || fail 98 'server.properties could not be written'
printf '%s' "$LOG4J2_PROPERTIES" > log4j2.properties || fail 98 'log4j2.properties could not be written'
if [ ! -f data/kafka/meta.properties ]; then
  mkdir -p data/kafka || fail 98 'the volume could not be prepared'
  printf '%s' "$META_PROPERTIES" > data/kafka/meta.properties.new || fail 98 'the volume could not be prepared'
  mv data/kafka/meta.properties.new data/kafka/meta.properties || fail 98 'the volume could not be prepared'
fi
exec "$JAVA" -Xms1024m -Xmx1024m -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent -XX:MaxInlineLevel=15 -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true -Djava.net.preferIPv4Stack=true -Dlog4j2.configurationFile=log4j2.properties -cp "$KAFKA/libs/*" kafka.Kafka server.properties