# A voter of weight 0 never stands, not even when it is ordered to, but it votes.

cluster nodes=3 weights=5.5.0
(stand 1)
(deliver)
(tick 1 10)
(deliver)
timeout from=1 to=3 term=1 seq=1
tick 3 200
status 3
---
n3 is follower in term 1, leader nobody
n3 follower term=1 leader=nobody commit=1 durable=1 log=[1]
  ignored unknown=0 malformed=0 stale=1 impossible=0

isolate 1
(stand 2)
deliver
---
n3 -> n2 PreVoteReply term=2 granted=true
n2 write 3: term 2 vote n2
n2 is candidate in term 2, leader nobody
n2 -> n1 Vote term=2 last=1@1 (after write 3)
n2 -> n3 Vote term=2 last=1@1 (after write 3)
n3 write 3: term 2 vote n2
n3 is follower in term 2, leader nobody
n3 -> n2 VoteReply term=2 granted=true (after write 3)
n2 is leader in term 2, leader n2
n2 write 4: append 2@2:empty
n2 -> n1 Append term=2 prev=1@1 commit=1 2@2:empty
n2 -> n3 Append term=2 prev=1@1 commit=1 2@2:empty
n3 is follower in term 2, leader n2
n3 write 4: append 2@2:empty
n3 -> n2 AppendAck term=2 match=2 (after write 4)
n2 commits up to 2
n2 is ready in term 2 at 2
n2 -> n3 Commit term=2 commit=2
n3 commits up to 2
