# A node that lost its leader and hears an old heartbeat of it again still knows which order is older than what it heard.

cluster nodes=3
(stand 1)
(deliver)
(pass 30)
isolate 2
(tick 2 110)
heal
heartbeat from=1 to=2 term=1 seq=2
timeout from=1 to=2 term=1 seq=2
status 2
---
n2 is follower in term 1, leader n1
n2 -> n1 HeartbeatAck term=1 seq=2 commit=1 applied=0
n2 follower term=1 leader=n1 commit=1 durable=1 log=[1]
  ignored unknown=0 malformed=0 stale=1 impossible=0
