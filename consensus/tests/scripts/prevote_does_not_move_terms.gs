# A node that was cut off asks in vain for as long as it likes; its term stays, and its return disturbs nobody.

cluster nodes=3
(stand 1)
(deliver)
isolate 3
tick 3 400
deliver
status
---
n3 is pre-candidate in term 1, leader nobody
n3 -> n1 PreVote term=2 last=1@1
n3 -> n2 PreVote term=2 last=1@1
n3 -> n1 PreVote term=2 last=1@1
n3 -> n2 PreVote term=2 last=1@1
n3 -> n1 PreVote term=2 last=1@1
n3 -> n2 PreVote term=2 last=1@1
n3 -> n1 PreVote term=2 last=1@1
n3 -> n2 PreVote term=2 last=1@1
n3 -> n1 PreVote term=2 last=1@1
n3 -> n2 PreVote term=2 last=1@1
n3 -> n1 PreVote term=2 last=1@1
n3 -> n2 PreVote term=2 last=1@1
n3 -> n1 PreVote term=2 last=1@1
n3 -> n2 PreVote term=2 last=1@1
n3 -> n1 PreVote term=2 last=1@1
n3 -> n2 PreVote term=2 last=1@1
n1 leader term=1 leader=n1 commit=1 durable=1 log=[1]
  n2 pipeline match=1 next=2 inflight=0
  n3 pipeline match=1 next=2 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=1 durable=1 log=[1]
n3 pre-candidate term=1 leader=nobody commit=1 durable=1 log=[1]

heal
(drop)
tick 3 100
deliver from=3
deliver to=3
---
n3 -> n1 PreVote term=2 last=1@1
n3 -> n2 PreVote term=2 last=1@1
n3 -> n1 PreVote term=2 last=1@1
n3 -> n2 PreVote term=2 last=1@1
n3 -> n1 PreVote term=2 last=1@1
n3 -> n2 PreVote term=2 last=1@1
n1 -> n3 PreVoteReply term=1 granted=false
n2 -> n3 PreVoteReply term=1 granted=false
n1 -> n3 PreVoteReply term=1 granted=false
n2 -> n3 PreVoteReply term=1 granted=false
n1 -> n3 PreVoteReply term=1 granted=false
n2 -> n3 PreVoteReply term=1 granted=false

tick 1 10
deliver
status
---
n1 begins round 1 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=1 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=1 floor=1
n2 -> n1 HeartbeatAck term=1 seq=1 commit=1 applied=0
n3 is follower in term 1, leader n1
n3 -> n1 HeartbeatAck term=1 seq=1 commit=1 applied=0
n1 has a lease from round 1
n1 leader term=1 leader=n1 commit=1 durable=1 log=[1]
  n2 pipeline match=1 next=2 inflight=0
  n3 pipeline match=1 next=2 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=1 durable=1 log=[1]
n3 follower term=1 leader=n1 commit=1 durable=1 log=[1]
