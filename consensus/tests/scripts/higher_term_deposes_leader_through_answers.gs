# A node that stood in vain and holds a higher term is heard through its answers: the leader follows, and a new term unites them.

cluster nodes=3
(stand 1)
(deliver)
node 3 terms=1 term=5 vote=3
tick 1 10
deliver
status
---
n1 begins round 1 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=1 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=1 floor=1
n2 -> n1 HeartbeatAck term=1 seq=1 commit=1 applied=0
n3 -> n1 HeartbeatAck term=5 seq=1 commit=0 applied=0
n1 has a lease from round 1
n1 write 3: term 5 vote nobody
n1 is follower in term 5, leader nobody
n1 follower term=5 leader=nobody commit=1 durable=1 log=[1]
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=1 durable=1 log=[1]
n3 follower term=5 leader=nobody commit=0 durable=1 log=[1]
  ignored unknown=0 malformed=0 stale=1 impossible=0

stand 2
deliver
tick 1 60
(drop)
stand 2
deliver
status
---
n2 is pre-candidate in term 1, leader nobody
n2 -> n1 PreVote term=2 last=1@1
n2 -> n3 PreVote term=2 last=1@1
n1 -> n2 PreVoteReply term=5 granted=false
n3 -> n2 PreVoteReply term=5 granted=false
n2 write 3: term 5 vote nobody
n2 is follower in term 5, leader nobody
n2 is pre-candidate in term 5, leader nobody
n2 -> n1 PreVote term=6 last=1@1
n2 -> n3 PreVote term=6 last=1@1
n1 -> n2 PreVoteReply term=6 granted=true
n3 -> n2 PreVoteReply term=6 granted=true
n2 write 4: term 6 vote n2
n2 is candidate in term 6, leader nobody
n2 -> n1 Vote term=6 last=1@1 (after write 4)
n2 -> n3 Vote term=6 last=1@1 (after write 4)
n1 write 4: term 6 vote n2
n1 is follower in term 6, leader nobody
n1 -> n2 VoteReply term=6 granted=true (after write 4)
n3 write 1: term 6 vote n2
n3 is follower in term 6, leader nobody
n3 -> n2 VoteReply term=6 granted=true (after write 1)
n2 is leader in term 6, leader n2
n2 write 5: append 2@6:empty
n2 -> n1 Append term=6 prev=1@1 commit=1 2@6:empty
n2 -> n3 Append term=6 prev=1@1 commit=1 2@6:empty
n1 is follower in term 6, leader n2
n1 write 5: append 2@6:empty
n1 -> n2 AppendAck term=6 match=2 (after write 5)
n3 is follower in term 6, leader n2
n3 write 2: append 2@6:empty
n3 commits up to 1
n3 -> n2 AppendAck term=6 match=2 (after write 2)
n2 commits up to 2
n2 is ready in term 6 at 2
n2 -> n1 Commit term=6 commit=2
n2 -> n3 Commit term=6 commit=2
n1 commits up to 2
n3 commits up to 2
n1 follower term=6 leader=n2 commit=2 durable=2 log=[1,6]
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 leader term=6 leader=n2 commit=2 durable=2 log=[1,6]
  n1 pipeline match=2 next=3 inflight=0
  n3 pipeline match=2 next=3 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n3 follower term=6 leader=n2 commit=2 durable=2 log=[1,6]
  ignored unknown=0 malformed=0 stale=1 impossible=0
