# A target that does not take over in time: what was held goes on. No lease is granted before the target has answered a later heartbeat.

cluster nodes=3
(stand 1)
(deliver)
(pass 15)
transfer 1 3
---
n1 holds proposals for n3
n1 has no lease any more
n1 -> n3 TimeoutNow term=1 seq=1

# The order is lost. Rounds are answered by n2, but bring no lease.
drop
isolate 3
pass 5
---
dropped 1
n1 begins round 2 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=2 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=2 floor=1
n2 -> n1 HeartbeatAck term=1 seq=2 commit=1 applied=0

(pass 94)
pass 1
---
n1 does not hand over: TimedOut

# n3 might still have an order. Reads are answered by rounds meanwhile.
read 1 7
deliver
---
n1 begins round 12 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=12 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=12 floor=1
n2 -> n1 HeartbeatAck term=1 seq=12 commit=1 applied=0
n1 may answer read 7 at 1

heal
pass 10
---
n3 -> n1 PreVote term=2 last=1@1
n3 -> n2 PreVote term=2 last=1@1
n1 -> n3 PreVoteReply term=1 granted=false
n2 -> n3 PreVoteReply term=1 granted=false
n1 begins round 13 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=13 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=13 floor=1
n2 -> n1 HeartbeatAck term=1 seq=13 commit=1 applied=0
n3 is follower in term 1, leader n1
n3 -> n1 HeartbeatAck term=1 seq=13 commit=1 applied=0
n1 has a lease from round 13
