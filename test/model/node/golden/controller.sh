trap 'exit 143' TERM
fail() { printf 'millrace: %s\n' "$2" >&2; exit "$1"; }
[ -d data ] || fail 95 'the persistent volume is not mounted at data in the sandbox'
KAFKA=/opt/kafka
[ -d "$KAFKA/libs" ] || fail 96 "no Kafka distribution at $KAFKA on this agent (no directory libs there)"
JAVA=/opt/java
[ -d "$JAVA" ] && JAVA=$JAVA/bin/java
[ -x "$JAVA" ] || fail 97 "no Java at $JAVA on this agent"
printf '%s' "$SERVER_PROPERTIES" > server.properties || fail 98 'server.properties could not be written'
printf '%s' "$LOG4J2_PROPERTIES" > log4j2.properties || fail 98 'log4j2.properties could not be written'
if [ ! -f data/kafka/meta.properties ]; then
  mkdir -p data/kafka || fail 98 'the volume could not be prepared'
  "$JAVA" -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Dlog4j2.configurationFile=log4j2.properties -cp "$KAFKA/libs/*" kafka.tools.StorageTool format -t QhveAbEPS7eCGvshQldAhw -c server.properties --initial-controllers 3000@10.0.0.1:31001:C0AAAAAAAAAAAAAAAAAAAA,3001@10.0.0.2:31001:C1AAAAAAAAAAAAAAAAAAAA,3002@10.0.0.3:31001:C2AAAAAAAAAAAAAAAAAAAA --ignore-formatted || fail 98 'the volume could not be prepared'
fi
exec "$JAVA" -Xms512m -Xmx512m -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent -XX:MaxInlineLevel=15 -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true -Djava.net.preferIPv4Stack=true -Dlog4j2.configurationFile=log4j2.properties -cp "$KAFKA/libs/*" kafka.Kafka server.properties