# A vote that the leader itself ordered is given by those that heard it just now, by the rule of the longer log, and deposes the leader.

cluster nodes=3
(stand 1)
(deliver)
(propose 1 a)
(deliver)
(tick 1 10)
(deliver)
vote from=3 to=2 term=2 last=2 last_term=1
vote from=3 to=2 term=2 last=1 last_term=1 transfer=true
vote from=3 to=1 term=2 last=2 last_term=1 transfer=true
status
---
n2 -> n3 VoteReply term=1 granted=false
n2 write 4: term 2 vote nobody
n2 is follower in term 2, leader nobody
n2 -> n3 VoteReply term=2 granted=false (after write 4)
n1 write 4: term 2 vote n3
n1 is follower in term 2, leader nobody
n1 -> n3 VoteReply term=2 granted=true (after write 4)
n1 follower term=2 leader=nobody commit=2 durable=2 log=[1,1]
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=2 leader=nobody commit=2 durable=2 log=[1,1]
n3 follower term=1 leader=n1 commit=2 durable=2 log=[1,1]
