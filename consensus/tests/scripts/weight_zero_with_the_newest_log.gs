# A voter of weight 0 that alone has the newest log stands once one that could lead has asked it in vain, and hands over when that one has the log.

cluster nodes=3 weights=5.5.0
node 1 terms=1 term=2
node 2 terms=1 term=2
node 3 terms=1.2 term=2
isolate 1
tick 3 400
status 3
---
n3 follower term=2 leader=nobody commit=0 durable=2 log=[1,2]

tick 2 200
deliver
---
n2 is pre-candidate in term 2, leader nobody
n2 -> n1 PreVote term=3 last=1@1
n2 -> n3 PreVote term=3 last=1@1
n2 -> n1 PreVote term=3 last=1@1
n2 -> n3 PreVote term=3 last=1@1
n2 -> n1 PreVote term=3 last=1@1
n2 -> n3 PreVote term=3 last=1@1
n3 -> n2 PreVoteReply term=2 granted=false
n3 -> n2 PreVoteReply term=2 granted=false
n3 -> n2 PreVoteReply term=2 granted=false

tick 3 400
deliver
---
n3 is pre-candidate in term 2, leader nobody
n3 -> n1 PreVote term=3 last=2@2
n3 -> n2 PreVote term=3 last=2@2
n3 -> n1 PreVote term=3 last=2@2
n3 -> n2 PreVote term=3 last=2@2
n3 -> n1 PreVote term=3 last=2@2
n3 -> n2 PreVote term=3 last=2@2
n3 -> n1 PreVote term=3 last=2@2
n3 -> n2 PreVote term=3 last=2@2
n2 -> n3 PreVoteReply term=3 granted=true
n2 -> n3 PreVoteReply term=3 granted=true
n2 -> n3 PreVoteReply term=3 granted=true
n2 -> n3 PreVoteReply term=3 granted=true
n3 write 1: term 3 vote n3
n3 is candidate in term 3, leader nobody
n3 -> n1 Vote term=3 last=2@2 (after write 1)
n3 -> n2 Vote term=3 last=2@2 (after write 1)
n2 write 1: term 3 vote n3
n2 is follower in term 3, leader nobody
n2 -> n3 VoteReply term=3 granted=true (after write 1)
n3 is leader in term 3, leader n3
n3 write 2: append 3@3:empty
n3 -> n1 Append term=3 prev=2@2 commit=0 3@3:empty
n3 -> n2 Append term=3 prev=2@2 commit=0 3@3:empty
n2 is follower in term 3, leader n3
n2 -> n3 AppendReject term=3 prev=2 conflict=1@1 last=1
n3 -> n2 Append term=3 prev=1@1 commit=0 2@2:t2 3@3:empty
n2 write 2: append 2@2:t2 3@3:empty
n2 -> n3 AppendAck term=3 match=3 (after write 2)
n3 commits up to 3
n3 is ready in term 3 at 3
n3 -> n2 Commit term=3 commit=3
n2 commits up to 3

pass 30
status
---
n3 begins round 1 of term 3
n3 -> n1 Heartbeat term=3 commit=0 seq=1 floor=0
n3 -> n2 Heartbeat term=3 commit=3 seq=1 floor=0
n3 would rather have n2 lead
n3 holds proposals for n2
n3 has no lease any more
n3 begins round 2 of term 3
n3 -> n1 Heartbeat term=3 commit=0 seq=2 floor=0
n3 -> n2 Heartbeat term=3 commit=3 seq=2 floor=0
n3 -> n2 TimeoutNow term=3 seq=2
n2 -> n3 HeartbeatAck term=3 seq=1 commit=3 applied=0
n2 -> n3 HeartbeatAck term=3 seq=2 commit=3 applied=0
n2 write 3: term 4 vote n2
n2 is candidate in term 4, leader nobody
n2 -> n1 Vote term=4 last=3@3 transfer (after write 3)
n2 -> n3 Vote term=4 last=3@3 transfer (after write 3)
n3 write 3: term 4 vote n2
n3 is follower in term 4, leader nobody
n3 -> n2 VoteReply term=4 granted=true (after write 3)
n2 is leader in term 4, leader n2
n2 write 4: append 4@4:empty
n2 -> n1 Append term=4 prev=3@3 commit=3 4@4:empty
n2 -> n3 Append term=4 prev=3@3 commit=3 4@4:empty
n3 is follower in term 4, leader n2
n3 write 4: append 4@4:empty
n3 -> n2 AppendAck term=4 match=4 (after write 4)
n2 commits up to 4
n2 is ready in term 4 at 4
n2 -> n3 Commit term=4 commit=4
n3 commits up to 4
n1 is pre-candidate in term 2, leader nobody
n1 -> n2 PreVote term=3 last=1@1
n1 -> n3 PreVote term=3 last=1@1
n2 begins round 1 of term 4
n2 -> n1 Heartbeat term=4 commit=0 seq=1 floor=0
n2 -> n3 Heartbeat term=4 commit=4 seq=1 floor=0
n3 -> n2 HeartbeatAck term=4 seq=1 commit=4 applied=0
n2 has a lease from round 1
n2 begins round 2 of term 4
n2 -> n1 Heartbeat term=4 commit=0 seq=2 floor=0
n2 -> n3 Heartbeat term=4 commit=4 seq=2 floor=0
n3 -> n2 HeartbeatAck term=4 seq=2 commit=4 applied=0
n2 has a lease from round 2
n1 pre-candidate term=2 leader=nobody commit=0 durable=1 log=[1]
n2 leader term=4 leader=n2 commit=4 durable=4 log=[1,2,3,4]
  n1 probe match=0 next=4 inflight=0
  n3 pipeline match=4 next=5 inflight=0
n3 follower term=4 leader=n2 commit=4 durable=4 log=[1,2,3,4]
  ignored unknown=0 malformed=0 stale=3 impossible=0
